// Smaller screens: the panel is a drawer, and a phone plays and moves the puck and the map.

import { findings } from './axe';
import { expect, test } from './fixtures';

test.use({ hasTouch: true });

test('1024 × 700: the square whole, in a drawer beside lanes that stay in use', async ({ studio, page }) => {
  await page.setViewportSize({ width: 1024, height: 700 });
  const drawer = page.getByRole('complementary', { name: 'Tools' });
  await expect(drawer).toBeHidden();
  await page.getByRole('navigation', { name: 'Drawer' }).getByRole('button', { name: 'Square' }).click();
  await expect(drawer).toBeVisible();
  await expect(page.getByRole('slider', { name: 'Puck' })).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole('button', { name: 'A → B' })).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole('heading', { name: 'Square' })).toBeInViewport({ ratio: 1 });
  await studio.shot('drawer');
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  await studio.drag('Latent 1', [[0.2, 0.3], [0.4, 0.7]]);
  await page.getByRole('navigation', { name: 'Drawer' }).getByRole('button', { name: 'Map' }).click();
  await expect(page.getByRole('slider', { name: 'Place on the map' })).toBeInViewport({ ratio: 1 });
  for (const part of ['header', 'footer']) {
    const wide = await page.locator(part).first().evaluate((one) => one.scrollWidth <= one.clientWidth + 1);
    expect(wide).toBe(true); // nothing is cut
  }
});

for (const panel of ['Square', 'Map'] as const)
  test(`a phone plays, and moves the ${panel === 'Map' ? 'sound over the map' : 'puck'} by touch`, async ({ studio, page }) => {
    await page.setViewportSize({ width: 420, height: 860 });
    const before = await studio.state();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(420);
    await page.getByRole('button', { name: 'Play', exact: true }).tap();
    await page.waitForFunction(() => window.melisma.transport.playing);
    await page.getByRole('navigation', { name: 'Drawer' }).getByRole('button', { name: panel }).tap();
    if (panel === 'Map') await page.getByRole('button', { name: 'Move the sound' }).tap();
    else await page.evaluate(() => {
      const { work } = window.melisma;
      work.commitTake('Corner B', { ...work.session.take, square: { ...work.session.take.square, on: true, corners: [null, { kind: 'random', seed: 3 }, null, null] } });
    });
    const pad = page.getByRole('slider', { name: panel === 'Map' ? 'Place on the map' : 'Puck' });
    await expect(pad).toBeInViewport({ ratio: 1 });
    const box = (await pad.boundingBox())!;
    expect(box.width).toBeGreaterThan(250);
    await page.touchscreen.tap(box.x + 0.75 * box.width, box.y + 0.3 * box.height);
    const moved = await studio.state();
    expect(moved.samples).not.toBe(before.samples);
    expect(moved.history.at(-1)).toMatch(panel === 'Map' ? /^Moved to 75, 30 %/ : /^Moved the puck to 75, 30 %/);
    await studio.shot(`phone-${panel.toLowerCase()}`);
    for (const button of await page.locator('header button:visible, nav button:visible').all()) {
      const target = (await button.boundingBox())!;
      expect(Math.min(target.width, target.height)).toBeGreaterThanOrEqual(24);
    }
  });
