// OSC: another program turns what a hand would, and each turn is a step of the history once it stands still.

import { createSocket } from 'node:dgram';
import { test } from '@playwright/test';
import { expect, Server, Studio } from './fixtures';

/** An OSC 1.0 message with one number. */
function message(address: string, value: number): Buffer {
  const padded = (text: string) => Buffer.from(text.padEnd(4 * (Math.floor(text.length / 4) + 1), '\0'));
  const number = Buffer.alloc(4);
  number.writeFloatBE(value);
  return Buffer.concat([padded(address), padded(',f'), number]);
}

test('OSC turns the domain, fine, a latent and the puck, and is undone', async ({ page }) => {
  const server = new Server();
  await server.start('0', '--osc', '0');
  const studio = new Studio(page, server);
  await studio.open();
  const socket = createSocket('udp4');
  const send = async (address: string, value: number) => {
    await new Promise((sent) => socket.send(message(`/melisma/${address}`, value), server.osc, '127.0.0.1', sent));
  };
  const take = () => page.evaluate(() => window.melisma.work.session.take);
  const before = await studio.state();
  await send('domain', 0.25);
  await expect(page.getByRole('slider', { name: 'From the original to the domain' })).toHaveAttribute('aria-valuetext', '25 % of the way to strings');
  await expect.poll(async () => (await take()).domain).toBe(0.25);
  expect((await take()).colour).toBe(0.75); // as the slider does it
  await studio.settled();
  expect((await studio.state()).samples).not.toBe(before.samples);
  for (const value of [0.9, 0.8, 0.5]) await send('fine', value);
  await expect.poll(async () => (await take()).fine).toBe(0.5);
  await send('latent/3/bias', 1.5);
  await expect.poll(async () => (await take()).edits.at(-1)).toMatchObject({ op: 'operate', operator: 'bias', values: { by: 1.5 }, on: { lanes: [2] } });
  await studio.settled();
  const { history } = await studio.state();
  expect(history.slice(-3)).toEqual(['OSC: domain 0.25', 'OSC: fine 0.5', 'OSC: bias.3 1.5']);
  for (let n = 0; n < 3; n++) await page.keyboard.press('Control+z');
  await studio.settled();
  expect((await studio.state()).samples).toBe(before.samples);
  socket.close();
  await server.kill();
});
