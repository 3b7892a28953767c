// Lanes: every tool, points, ranges, undo, the view.

import { expect, test } from './fixtures';

const last = (history: string[]) => history.at(-1);

test('draw: by hand, live, one step; undone to the same bits, redone, walked to', async ({ studio, page }) => {
  const before = await studio.state();
  await page.keyboard.press('b');
  await studio.drag('Latent 1', [[0.1, 0.5], [0.2, 0.1], [0.3, 0.8], [0.5, 0.3]]);
  const drawn = await studio.state();
  expect(last(drawn.history)).toBe('Drew Latent 1');
  expect(drawn.edits).toBe(1);
  expect(drawn.samples).not.toBe(before.samples);
  await page.keyboard.press('Control+z');
  expect((await studio.state()).samples).toBe(before.samples);
  await page.keyboard.press('Control+Shift+z');
  expect((await studio.state()).samples).toBe(drawn.samples);
  await page.keyboard.press('n');
  await studio.drag('Latent 1', [[0.6, 0.2], [0.8, 0.2]]);
  const steps = page.getByRole('region', { name: 'History' });
  await steps.getByRole('button', { name: 'Opened cat.flac' }).last().click();
  expect((await studio.state()).samples).toBe(before.samples);
  const drew = steps.getByRole('button', { name: 'Drew Latent 1' }).last(); // other tests drew before
  await drew.click();
  expect((await studio.state()).samples).toBe(drawn.samples);
  await expect(drew).toHaveAttribute('aria-current', 'step');
  await expect(steps.getByRole('button', { name: 'Line in Latent 1' }).last()).toBeEnabled(); // what is undone is still there
});

test('a drawing is heard while it is drawn, and an edit of a stretch changes nothing before it', async ({ studio, page }) => {
  const before = await studio.state();
  await page.keyboard.press('b');
  await page.mouse.move(...(await studio.at('Loudness', [0.6, 0.2])));
  await page.mouse.down();
  await page.mouse.move(...(await studio.at('Loudness', [0.9, 0.9])), { steps: 10 });
  await page.waitForFunction(() => window.melisma.work.gesture && window.melisma.received.done === 1);
  expect(await page.evaluate(() => window.melisma.work.history.at)).toBe(before.at);
  await page.keyboard.press('Escape'); // what is begun can be dropped
  await page.mouse.up();
  expect((await studio.state()).samples).toBe(before.samples);
  const head = () => page.evaluate(() => Array.from(window.melisma.received.resultWave.samples.slice(0, 50_000)));
  const begin = await head();
  await studio.drag('Loudness', [[0.6, 0.2], [0.9, 0.9]]);
  expect((await studio.state()).samples).not.toBe(before.samples);
  expect(await head()).toEqual(begin);
});

test('select: click adds, drag moves one and all that are selected, Alt-click deletes, a segment goes up and down', async ({ studio, page }) => {
  await studio.drag('Latent 1', [[0.3, 0.2]]);
  expect(await studio.points()).toHaveLength(3); // one, and one on each side that holds the curve
  await studio.drag('Latent 1', [[0.3, 0.2], [0.32, 0.6]]);
  const [, middle] = await studio.points();
  expect(middle[1]).toBeLessThan(0);
  await page.keyboard.down('Alt');
  await page.mouse.click(...(await studio.at('Latent 1', await studio.place(0, ...middle))));
  await page.keyboard.up('Alt');
  expect(await studio.points()).toHaveLength(2);
  expect(last((await studio.state()).history)).toBe('Deleted a point of Latent 1');

  await page.keyboard.press('n');
  await studio.drag('Latent 1', [[0.5, 0.3], [0.7, 0.3]]);
  await page.keyboard.press('v');
  await studio.drag('Latent 1', [[0.6, 0.3], [0.6, 0.5]]);
  expect(last((await studio.state()).history)).toBe('Moved a segment of Latent 1');
  const line = (await studio.points()).slice(-2);
  expect(line[0][1]).toBeCloseTo(line[1][1], 5);
  expect(line[0][1]).toBeCloseTo(0, 1);

  await studio.drag('Latent 1', [[0.48, 0.9], [0.75, 0.9]]); // over nothing: the range, and the points in it
  expect(await page.evaluate(() => window.melisma.look.points.length)).toBe(2);
  const at = await studio.place(0, ...line[0]);
  await studio.drag('Latent 1', [at, [at[0] + 0.02, at[1] - 0.2]]);
  const both = (await studio.points()).slice(-2);
  expect(last((await studio.state()).history)).toBe('Moved points of Latent 1');
  for (const k of [0, 1]) {
    expect(both[k][0]).toBeGreaterThan(line[k][0]);
    expect(both[k][1] - line[k][1]).toBeCloseTo(both[0][1] - line[0][1], 5);
  }
  await page.keyboard.down('Shift'); // Shift is fine: a tenth of the way
  await studio.drag('Latent 1', [[0.6, (await studio.place(0, ...both[0]))[1]], [0.6, 0.9]]);
  await page.keyboard.up('Shift');
  const [low, high] = await page.evaluate(() => window.melisma.look.scale(0));
  expect(Math.abs((await studio.points()).at(-1)![1] - both[1][1])).toBeLessThan(0.1 * (high - low));
});

test('line: a drag is one line, clicks go on; range: dragged, typed, with keys', async ({ studio, page }) => {
  await page.keyboard.press('n');
  await studio.drag('Latent 1', [[0.5, 0.3], [0.7, 0.3]]);
  await studio.drag('Latent 1', [[0.8, 0.7]]);
  expect(await studio.points()).toHaveLength(3);
  expect((await studio.state()).history.slice(-2)).toEqual(['Line in Latent 1', 'Line in Latent 1']);
  await page.keyboard.press('r');
  await studio.drag('Loudness', [[0.2, 0.5], [0.4, 0.5]]);
  const start = page.getByLabel('Start of the range in seconds');
  await expect(start).not.toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(start).toHaveValue('');
  await studio.seek(0.5);
  await page.keyboard.press('[');
  await expect(start).toHaveValue('0.50');
  await studio.seek(1);
  await page.keyboard.press(']');
  await expect(page.getByLabel('End of the range in seconds')).toHaveValue('1.00');
  expect((await studio.state()).edits).toBe(1); // the line goes on, and a range is no edit
});

test('revert range: back to the inferred curve there, and only there', async ({ studio, page }) => {
  await studio.original();
  await page.keyboard.press('n');
  await studio.drag('Latent 1', [[0.1, 0.1], [0.9, 0.1]]);
  await page.getByLabel('Start of the range in seconds').fill('0.8');
  await page.keyboard.press('Tab');
  await page.getByLabel('End of the range in seconds').fill('1.2');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Revert range' }).click();
  await studio.settled();
  const differs = await page.evaluate(() => {
    const { edited, inferred } = window.melisma.received;
    const at = (t: number) => Math.abs(edited.lanes[0][Math.round(t * edited.rate)] - inferred.lanes[0][Math.round(t * edited.rate)]);
    return [0.5, 0.9, 1.1, 1.5].map((t) => at(t) > 1e-6);
  });
  expect(differs).toEqual([true, false, false, true]);
  expect(last((await studio.state()).history)).toBe('Reverted latent 1, 0.80–1.20 s');
});

test('the view: zoom at the cursor, pan, fit, page, and all lanes with it', async ({ studio, page }) => {
  const whole = await studio.view();
  const [x, y] = await studio.at('Latent 1', [0.25, 0.5]);
  await page.mouse.move(x, y);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await expect.poll(async () => (await studio.view()).t1).toBeLessThan(whole.t1);
  const near = await studio.view();
  const under = (view: { t0: number; t1: number }) => view.t0 + 0.25 * (view.t1 - view.t0);
  expect(under(near)).toBeCloseTo(under(whole), 2);
  await page.keyboard.down('Shift');
  await page.mouse.wheel(0, 200);
  await page.keyboard.up('Shift');
  await expect.poll(async () => (await studio.view()).t0).toBeGreaterThan(near.t0);
  const panned = await studio.view();
  expect(panned.t1 - panned.t0).toBeCloseTo(near.t1 - near.t0, 6);
  await page.getByRole('button', { name: 'Earlier' }).click();
  await expect.poll(async () => (await studio.view()).t0).toBeLessThan(panned.t0);
  await page.evaluate(() => window.melisma.look.select({ start: 0.5, end: 0.7 }));
  await page.keyboard.press('z');
  const fit = await studio.view();
  expect(fit.t0).toBeLessThan(0.5);
  expect(fit.t1).toBeGreaterThan(0.7);
  expect(fit.t1 - fit.t0).toBeLessThan(0.3);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Fit the selection, or all' }).click();
  expect(await studio.view()).toEqual(whole);
});
