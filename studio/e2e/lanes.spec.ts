// What lanes show: curves that go beyond them, values under the pointer, axes.

import { expect, test } from './fixtures';

test('a curve that leaves its lane is marked while it is made, and then the lane is scaled to it', async ({ studio, page }) => {
  const marked = () => page.locator('.lane.active .body canvas').evaluate((canvas: HTMLCanvasElement) => {
    const row = (y: number) => canvas.getContext('2d')!.getImageData(0, y, canvas.width, 1).data;
    const count = (data: Uint8ClampedArray) => data.filter((value, i) => i % 4 === 0 && value === 255 && data[i + 1] === 209 && data[i + 2] === 102).length;
    return count(row(1)) + count(row(canvas.height - 2));
  });
  const scale = () => page.evaluate(() => window.melisma.look.scale(0)[1]);
  const before = await scale();
  expect(await marked()).toBe(0);
  const box = (await page.getByRole('slider', { name: 'Scale', exact: true }).boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y - 60, { steps: 6 });
  await page.waitForFunction(() => window.melisma.work.gesture && window.melisma.received.done === 1);
  await expect.poll(marked).toBeGreaterThan(0);
  expect(await scale()).toBe(before); // nothing moves from under the pointer
  await page.mouse.up();
  await studio.settled();
  await expect.poll(marked).toBe(0);
  expect(await scale()).toBeGreaterThan(before);
  const within = await page.evaluate(() => {
    const { edited } = window.melisma.received;
    return edited.lanes.slice(0, -1).every((lane: Float32Array, k: number) => {
      const [low, high] = window.melisma.look.scale(k); // some are turned
      return lane.every((v) => v >= Math.min(low, high) && v <= Math.max(low, high));
    });
  });
  expect(within).toBe(true);
  await page.keyboard.press('Control+z');
  await studio.settled();
  await expect.poll(scale).toBe(before);
});

test('the value under the pointer, in a lane and over a mel', async ({ studio, page }) => {
  const [x, y] = await studio.at('Latent 1', [0.5, 0.5]);
  await page.mouse.move(x, y);
  const tag = page.locator('.lane.active .body > span');
  const value = await page.evaluate(() => window.melisma.received.value(0, window.melisma.look.duration / 2));
  await expect(tag).toHaveText(new RegExp(`^[−+]?${Math.abs(value).toFixed(2)} σ · 1\\.1\\d s$`));
  const mel = (await page.locator('canvas.mel').last().boundingBox())!;
  await page.mouse.move(mel.x + mel.width / 2, mel.y + mel.height - 1);
  await expect(page.getByText(/^\d+ Hz · 1\.1\d s$/)).toBeVisible();
  await page.mouse.move(mel.x + mel.width / 2, mel.y + 1);
  await expect(page.getByText(/^2\d kHz · 1\.1\d s$/)).toBeVisible();
  await expect(page.locator('.axis').first()).toContainText('5k');
});

test('the name of the open lane stays in view while any of the lane is', async ({ studio, page }) => {
  await page.setViewportSize({ width: 1400, height: 700 });
  await page.keyboard.press('9');
  const list = (await page.locator('.latents').boundingBox())!;
  const lane = (await studio.lane('Latent 9').boundingBox())!;
  expect(lane.y).toBeGreaterThanOrEqual(list.y - 1); // opened by a key, it is seen
  expect(lane.y + lane.height).toBeLessThanOrEqual(list.y + list.height + 1);
  await page.locator('.latents').evaluate((list) => {
    const open = list.querySelector('.lane.active')!.getBoundingClientRect();
    list.scrollTop += open.top - list.getBoundingClientRect().top + open.height - 60; // the last 60 pixels of it
  });
  const name = (await page.locator('.lane.active .name').boundingBox())!;
  expect(name.y).toBeGreaterThanOrEqual(list.y - 1);
  expect(name.y).toBeLessThan(list.y + 40);
});
