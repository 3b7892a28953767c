// The map of the domain: points that speak, the sound's path, a way that is drawn, heard, recorded and looped.

import { expect, test } from './fixtures';

test('points speak when they are touched, and nothing of the sound changes', async ({ studio, page }) => {
  const before = await studio.state();
  const pad = page.getByRole('slider', { name: 'Place on the map' });
  await pad.scrollIntoViewIfNeeded();
  const coloured = () => page.locator('section[data-panel=map] canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value > 100).length;
  });
  await expect.poll(coloured).toBeGreaterThan(3000); // points, and the path of the sound
  const asked = page.waitForResponse((answer) => answer.url().includes('/api/models/strings/point'));
  const box = (await pad.boundingBox())!;
  await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.5 * box.height);
  await page.mouse.down();
  const answer = await asked;
  const sound = new Float32Array((await answer.body()).buffer.slice(0));
  expect(sound.length).toBeGreaterThan(0.4 * 44100);
  expect(sound.some((x) => Math.abs(x) > 0.01)).toBe(true);
  await expect(page.locator('.spot')).toBeVisible();
  const url = answer.url();
  const other = page.waitForResponse((found) => found.url().includes('/point') && found.url() !== url);
  await page.mouse.move(box.x + 0.8 * box.width, box.y + 0.3 * box.height, { steps: 4 }); // others on the way
  await other;
  await page.mouse.up();
  const after = await studio.state();
  expect([after.samples, after.at]).toEqual([before.samples, before.at]);
});

test('a way over the map: moved, recorded while it sounds, looped, undone; where it is, the latents are', async ({ studio, page }) => {
  const before = await studio.state();
  await page.getByRole('button', { name: 'Move the sound' }).click();
  const pad = page.getByRole('slider', { name: 'Place on the map' });
  await pad.scrollIntoViewIfNeeded();
  const box = (await pad.boundingBox())!;
  await page.mouse.click(box.x + 0.5 * box.width, box.y + 0.6 * box.height);
  const moved = await studio.state();
  expect(moved.samples).not.toBe(before.samples);
  expect(moved.history.at(-1)).toBe('Moved to 50, 60 % of the map');
  const still = await page.evaluate(() => {
    const { edited, result } = window.melisma.received;
    const spread = (lane: Float32Array) => Math.max(...lane) - Math.min(...lane);
    return { latents: result.lanes.slice(0, 16).map(spread), loudness: result.lanes[16].every((v: number, i: number) => v === edited.lanes[16][i]) };
  });
  expect(Math.max(...still.latents)).toBeLessThan(1e-6); // it stays at one place
  expect(still.loudness).toBe(true); // and sounds as loud as it did
  await page.getByRole('button', { name: 'Way', exact: true }).click();
  await page.mouse.move(box.x + 0.2 * box.width, box.y + 0.8 * box.height);
  await page.mouse.down();
  await page.waitForFunction(() => window.melisma.transport.playing);
  for (let n = 1; n <= 12; n++) {
    await page.mouse.move(box.x + (0.2 + 0.05 * n) * box.width, box.y + (0.8 - 0.03 * n) * box.height);
    await page.waitForTimeout(60);
  }
  await page.mouse.up();
  const recorded = await studio.state();
  expect(recorded.history.at(-1)).toBe('Recorded a way over the map');
  const points = await page.evaluate(() => window.melisma.work.take.map.puck.points);
  expect(points.length).toBeGreaterThan(3);
  expect(points.at(-1)[1]).toBeGreaterThan(points[0][1]);
  await page.keyboard.press('.'); // it has been heard
  await page.getByRole('button', { name: 'Loop the way' }).click();
  const looped = await studio.state();
  expect(looped.samples).not.toBe(recorded.samples);
  await studio.shot('map');
  await page.getByLabel('What the map acts on').selectOption('timbre');
  await studio.settled();
  const kept = await page.evaluate(() => {
    const { edited, result } = window.melisma.received;
    return edited.lanes.slice(0, 16).map((lane: Float32Array, k: number) => lane.every((v, i) => v === result.lanes[k][i]));
  });
  const timbre: number[] = await page.evaluate(() => window.melisma.work.model.timbre);
  expect(kept).toEqual(Array.from({ length: 16 }, (_, k) => !timbre.includes(k))); // pitch goes on as it did
  await page.getByRole('switch', { name: 'Map' }).click();
  expect((await studio.state()).samples).toBe(before.samples);
  await pad.focus();
  await page.keyboard.press('ArrowRight');
  await studio.settled();
  expect(await page.evaluate(() => window.melisma.work.take.map.on)).toBe(true); // by keys, too
});
