// Hearing: play, loop, original or result, levels, meter, clip latch, panic. What the audio thread does is in tests/player.test.ts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, sine, test, wav } from './fixtures';

test('plays from where it is and from the start, stops, loops the selection', async ({ studio, page }) => {
  await studio.seek(0.9);
  await page.keyboard.press('l'); // all of it, or a busy machine may look only when it has ended
  await page.keyboard.press('Space');
  await expect.poll(() => studio.playing()).toBe(true);
  await page.keyboard.press('Space');
  await expect.poll(() => studio.playing()).toBe(false);
  const at = await studio.time();
  expect(at).toBeGreaterThan(0.85);
  await page.evaluate(() => {
    const { player } = window.melisma.transport;
    const told = player.seek.bind(player);
    player.seek = (time: number) => told(((window as any).sought = time));
  });
  await page.keyboard.press('Shift+Space');
  await expect.poll(() => studio.playing()).toBe(true);
  expect(await page.evaluate(() => (window as any).sought)).toBe(0);
  await page.getByLabel('Start of the range in seconds').fill('0.5');
  await page.keyboard.press('Tab');
  await page.getByLabel('End of the range in seconds').fill('0.8');
  await page.keyboard.press('Tab');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.waitForFunction(() => window.melisma.transport.time < 0.81 && window.melisma.transport.time > 0.49);
  for (let n = 0; n < 4; n++) {
    await page.waitForTimeout(400); // longer than the range: it has come round
    const now = await studio.time();
    expect(now).toBeGreaterThanOrEqual(0.49);
    expect(now).toBeLessThan(0.81);
  }
  expect(await studio.playing()).toBe(true);
});

test('original and result at the same place; the louder turned down if asked', async ({ studio, page }) => {
  await page.keyboard.press('0');
  await page.getByRole('button', { name: /^Gain: .*type a value/ }).click();
  await page.getByRole('textbox', { name: 'Gain in dB' }).fill('-12');
  await page.keyboard.press('Enter');
  await studio.settled();
  const gains = () => page.evaluate(() => window.melisma.transport.player.state.gains as [number, number]);
  expect(await gains()).toEqual([1, 1]);
  await page.getByRole('button', { name: '= level' }).click();
  await expect.poll(async () => (await gains())[0]).toBeLessThan(0.5);
  expect((await gains())[1]).toBe(1);
  await page.keyboard.press('l');
  await page.keyboard.press('Space');
  await expect.poll(() => studio.time()).toBeGreaterThan(0.1);
  await page.evaluate(() => {
    const { port } = window.melisma.transport.player.node;
    const post = port.postMessage.bind(port);
    const told: object[] = (window.melisma.told = []);
    port.postMessage = (message: object) => (post(message), told.push(message));
  });
  await page.keyboard.press('a');
  await expect.poll(() => page.evaluate(() => window.melisma.told[0])).toEqual({ wanted: 0 }); // no other place, no stop
  await expect(page.getByRole('button', { name: 'Original', exact: true })).toHaveAttribute('aria-pressed', 'true');
  expect(await studio.playing()).toBe(true);
  await expect.poll(() => page.getByRole('meter').getAttribute('aria-valuetext')).not.toBe('silent');
  await page.keyboard.press('.');
  await expect.poll(() => studio.playing()).toBe(false);
});

test('the clip latch stays lit until it is reset', async ({ studio, page, server }) => {
  const file = join(server.home, 'loud.wav');
  writeFileSync(file, wav(sine(1, 220, 1.8)));
  await studio.load(file);
  await page.keyboard.press('a');
  const clip = page.getByRole('button', { name: /^clip/ });
  await expect(clip).toHaveAccessibleName('clip: not over full scale');
  await page.keyboard.press('l');
  await page.keyboard.press('Space');
  await expect(clip).toHaveAccessibleName(/over full scale; reset/);
  await page.keyboard.press('.');
  await expect.poll(() => studio.playing()).toBe(false);
  await page.waitForTimeout(200);
  await expect(clip).toHaveAccessibleName(/over full scale; reset/);
  await studio.shot('clip');
  await clip.click();
  await expect(clip).toHaveAccessibleName('clip: not over full scale');
});
