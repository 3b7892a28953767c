// A stereo sound: shown, played, edited and downloaded in two channels; mixed where that is wanted.

import { readFileSync } from 'node:fs';
import { expect, sine, test, wav } from './fixtures';

/** Two channels of 32-bit floats, woven. */
function stereo(left: Float32Array, right: Float32Array): Buffer {
  const woven = wav(Float32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 ? right : left)[i >> 1]));
  woven.writeUInt16LE(2, 22);
  woven.writeUInt32LE(8 * 44100, 28);
  woven.writeUInt16LE(8, 32);
  return woven;
}

test('a stereo sound stays stereo from the lane to the file, and can be mixed', async ({ studio, page }) => {
  await expect(page.getByRole('button', { name: 'stereo' })).toHaveCount(0); // the cat is of one channel
  await studio.load({ name: 'wide.wav', mimeType: 'audio/wav', buffer: stereo(sine(1, 330, 0.4), sine(1, 330, 0.1)) });
  const button = page.getByRole('button', { name: 'stereo' });
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await studio.shot('stereo');
  const levels = () => page.evaluate(() => {
    const { inputWave, resultWave } = window.melisma.received;
    const level = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
    return [inputWave, resultWave].map((wave: any) => [level(wave.samples), wave.right ? level(wave.right.samples) : 0]);
  });
  const [input, result] = await levels();
  expect(input[0] / input[1]).toBeCloseTo(4, 1);
  expect(20 * Math.log10(result[0] / result[1])).toBeGreaterThan(6);
  await page.keyboard.press('b'); // a loudness that is drawn leaves left and right where they stand
  await studio.drag('Loudness', [[0.2, 0.3], [0.8, 0.3]]);
  await studio.settled();
  const [, drawn] = await levels();
  expect(20 * Math.log10(drawn[0] / drawn[1])).toBeGreaterThan(6);
  const download = async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'WAV' }).click()]);
    return readFileSync((await file.path())!).readUInt16LE(22);
  };
  expect(await download()).toBe(2);
  const both = await studio.state();
  await button.click();
  await studio.settled();
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  expect(await page.evaluate(() => [window.melisma.received.inputWave.right, window.melisma.received.resultWave.right])).toEqual([null, null]);
  expect(await download()).toBe(1);
  await page.keyboard.press('Control+z');
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  expect((await studio.state()).samples).toBe(both.samples);
  await page.getByRole('button', { name: 'Keep this' }).click();
  await page.getByRole('button', { name: /^Hear / }).last().click();
  await expect(page.getByRole('button', { name: /^Stop / })).toHaveCount(1);
});
