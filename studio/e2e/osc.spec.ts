// OSC, and the MIDI map of all hosts: another program, or a controller, turns what a hand would, and each turn is a step of the history once it stands still.

import { createSocket } from 'node:dgram';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('a controller that the page is not bound to turns what midi.json says, once it has passed the value', async ({ page, context }) => {
  const server = new Server();
  await context.addInitScript(() => {
    const input = { onmidimessage: null as ((event: { data: Uint8Array }) => void) | null };
    Object.assign(window, { midi: (...data: number[]) => input.onmidimessage?.({ data: new Uint8Array(data) }) });
    Object.assign(navigator, { requestMIDIAccess: async () => ({ inputs: new Map([['fake', input]]) }) });
  });
  await server.start();
  const map = join(server.home, 'midi.json');
  writeFileSync(map, JSON.stringify({ 'melisma-midi': 1, knobs: [{ parameter: 'fine', controller: 20 }] }));
  const studio = new Studio(page, server);
  await studio.open();
  for (let n = 0; n < 2; n++) await page.getByRole('button', { name: 'MIDI' }).click(); // the browser is asked for MIDI
  const send = (...data: number[]) => page.evaluate((data) => (window as any).midi(...data), data);
  const fine = () => page.evaluate(() => window.melisma.work.session.take.fine);
  await send(0xb0, 20, 60);
  await send(0xb0, 20, 70);
  expect(await fine()).toBe(1);
  await send(0xb0, 20, 127); // there it stands
  await send(0xb0, 20, 64);
  await expect.poll(fine).toBeCloseTo(64 / 127, 5);
  expect((await studio.state()).history.at(-1)).toBe('MIDI: fine 0.504');
  rmSync(map);
  await server.kill();
});
