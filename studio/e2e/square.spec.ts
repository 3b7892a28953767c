// The square, other models, snapshots.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, sine, test, wav, type Studio } from './fixtures';

/** Drop a file onto an element, as a file manager does. */
async function dropOn(studio: Studio, corner: string, name: string, bytes: Buffer): Promise<void> {
  const data = await studio.page.evaluateHandle(([name, bytes]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, [name, bytes.toString('base64')] as const);
  await studio.page.getByRole('group', { name: corner }).dispatchEvent('drop', { dataTransfer: data });
}

test('corners: dropped, from a file, current, random, an example; shares; what it acts on', async ({ studio, page }) => {
  const before = await studio.state();
  const corner = (letter: string) => page.getByRole('group', { name: `Corner ${letter}` });
  const step = async (name: RegExp) => expect.poll(async () => (await studio.state()).history.at(-1)).toMatch(name);
  await dropOn(studio, 'Corner A', 'drop.wav', wav(sine(0.7, 330, 0.3)));
  await step(/^Corner A: drop\.wav/);
  const choosing = page.waitForEvent('filechooser');
  await page.getByLabel('Corner B is').selectOption('file');
  await (await choosing).setFiles({ name: 'file.wav', mimeType: 'audio/wav', buffer: wav(sine(3.5, 500, 0.3)) });
  await step(/^Corner B: file\.wav/);
  await page.getByLabel('Corner C is').selectOption('random');
  await step(/^Corner C: random \d+/);
  await page.getByLabel('Corner D is').selectOption('current');
  await step(/^Corner D: cat/);
  for (const [letter, name] of [['A', 'drop.wav'], ['B', 'file.wav'], ['C', 'random'], ['D', 'cat.flac, as it is']]) {
    await expect(corner(letter)).toContainText(name);
    await expect(corner(letter)).toContainText('25 %');
  }
  expect(await page.evaluate(() => window.melisma.work.take.input.name)).toBe('cat.flac'); // the drop was the corner's, not the page's
  const mixed = await studio.state();
  expect(mixed.samples).not.toBe(before.samples);
  const differ = () => page.evaluate(() => {
    const { edited, result } = window.melisma.received;
    return [0, 16].map((k) => edited.lanes[k].some((v: number, i: number) => v !== result.lanes[k][i]));
  });
  expect(await differ()).toEqual([true, true]);
  await page.getByLabel('What the square acts on').selectOption('latents');
  await studio.settled();
  expect(await differ()).toEqual([true, false]);
  await page.getByLabel('What the square acts on').selectOption('loudness');
  await studio.settled();
  expect(await differ()).toEqual([false, true]);
  await page.getByLabel('Corner D is').selectOption('example bell');
  await step(/^Corner D: bell/);
  await studio.shot('square');
  await page.getByRole('switch', { name: 'Square' }).click();
  expect((await studio.state()).samples).toBe(before.samples);
});

test('the puck: dragged, with keys, typed; from A to B by the formula', async ({ studio, page }) => {
  await page.getByLabel('Corner B is').selectOption('random');
  const still = await studio.state();
  const pad = page.getByRole('slider', { name: 'Puck', exact: true });
  const box = (await pad.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, box.y + 1, { steps: 8 });
  await page.waitForFunction(() => window.melisma.work.gesture && window.melisma.received.done === 1);
  await page.mouse.up();
  const moved = await studio.state();
  expect(moved.history.at(-1)).toMatch(/^Moved the puck to (99|100), [01] %$/);
  expect(moved.samples).not.toBe(still.samples);
  await pad.focus();
  for (const key of ['ArrowLeft', 'ArrowDown']) await page.keyboard.press(key);
  expect((await studio.state()).samples).not.toBe(moved.samples);
  await page.getByRole('spinbutton', { name: /^x/ }).fill('20');
  await page.keyboard.press('Tab');
  await expect(pad).toHaveAttribute('aria-valuetext', /^20 % to the right/);
  await page.getByRole('button', { name: 'A → B' }).click();
  await studio.settled();
  expect((await studio.state()).history.at(-1)).toBe('From A to B');
  const worst = await page.evaluate(() => {
    const { edited, result } = window.melisma.received;
    const n = edited.frames;
    // corner A is what the lanes show; B is where the way ends: z_b from the last frames, checked at the first and in between
    const at = (i: number) => result.lanes[0][i] - edited.lanes[0][i];
    return { first: Math.abs(at(0)), middle: Math.abs(at(Math.floor(n / 2))) };
  });
  expect(worst.first).toBeLessThan(1e-6);
  expect(worst.middle).toBeGreaterThan(1e-4);
});

test('the puck is recorded while the sound plays, looped, and its speed set', async ({ studio, page }) => {
  await page.getByLabel('Corner B is').selectOption('random');
  await studio.settled();
  await studio.seek(1.7);
  await page.getByRole('button', { name: 'Puck', exact: true }).click();
  const pad = page.getByRole('slider', { name: 'Puck', exact: true });
  const box = (await pad.boundingBox())!;
  await page.mouse.move(box.x + 10, box.y + 10);
  await page.mouse.down();
  await page.waitForFunction(() => window.melisma.transport.playing && window.melisma.transport.time > 0.05);
  for (let k = 1; k < 8; k++) {
    const before = await studio.time();
    await page.mouse.move(box.x + 10 + k * 20, box.y + 10 + k * 10);
    await page.waitForFunction((t) => window.melisma.transport.time > t || !window.melisma.transport.playing, before);
  }
  await page.mouse.up();
  const puck = () => page.evaluate(() => window.melisma.work.take.square.puck);
  const recorded = await puck();
  expect((await studio.state()).history.at(-1)).toBe('Recorded the puck');
  expect(recorded.points.length).toBeGreaterThan(2);
  expect(recorded.points[0][0]).toBe(0);
  recorded.points.slice(1).forEach((p: number[], k: number) => expect(p[0]).toBeGreaterThan(recorded.points[k][0]));
  const once = await studio.state();
  await page.getByRole('region', { name: 'Square' }).getByRole('button', { name: 'Loop' }).click();
  expect((await puck()).loop).toBe(true);
  const looped = await studio.state();
  expect(looped.samples).not.toBe(once.samples);
  await page.getByLabel('Speed of the puck').fill('2.5');
  await page.keyboard.press('Tab');
  expect((await puck()).speed).toBe(2.5);
  expect((await studio.state()).samples).not.toBe(looped.samples);

  await page.getByRole('button', { name: 'Puck', exact: true }).click(); // with keys alone
  await pad.focus();
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) {
    await page.keyboard.press(key);
    const before = await studio.time();
    await page.waitForFunction((t) => window.melisma.transport.time > t + 0.02 || !window.melisma.transport.playing, before);
  }
  await page.keyboard.press('Enter');
  expect((await studio.state()).history.at(-1)).toBe('Recorded the puck');
  expect((await puck()).points.length).toBeGreaterThan(1);
});

test('the same edits through another model, snapshots side by side', async ({ studio, page, server }) => {
  await page.keyboard.press('b');
  await studio.drag('Latent 2', [[0.5, 0.5]]); // opens the lane
  await studio.drag('Latent 2', [[0.2, 0.3], [0.6, 0.7]]);
  const strings = await studio.state();
  await page.getByRole('button', { name: 'Keep this' }).click();
  await page.getByRole('combobox', { name: 'Model' }).selectOption('dark');
  const dark = await studio.state();
  expect(dark.history.at(-1)).toBe('Model dark');
  expect(dark.edits).toBe(strings.edits);
  expect(dark.samples).not.toBe(strings.samples);
  await page.keyboard.press('s');
  await expect(page.getByLabel(/^Name of snapshot/)).toHaveCount(2);
  await expect.poll(() => page.locator('section:has(#snapshots) canvas').evaluateAll((all) => all.map((canvas) =>
    new Set((canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 100, 18).data).size > 3))).toEqual([true, true]);
  await page.getByRole('button', { name: /^Hear cat · dark/ }).click();
  await expect(page.getByRole('button', { name: /^Stop cat · dark/ })).toBeVisible();
  await page.getByRole('button', { name: /^Hear cat · strings/ }).click();
  await expect(page.getByRole('button', { name: /^Stop cat · strings/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Hear cat · dark/ })).toBeVisible();
  await studio.shot('snapshots');
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: /^Download cat · dark/ }).click();
  await (await downloading).saveAs(join(server.home, 'dark.wav'));
  expect(readFileSync(join(server.home, 'dark.wav')).subarray(0, 4).toString()).toBe('RIFF');
  await page.getByLabel('Corner B is').selectOption({ label: 'snapshot: cat · strings' });
  await expect.poll(async () => (await studio.state()).history.at(-1)).toBe('Corner B: cat · strings');
  await page.getByRole('button', { name: /^Go back to cat · strings/ }).click();
  expect((await studio.state()).samples).toBe(strings.samples);
});

test('from A to B asks what B is where nothing would be heard', async ({ studio, page }) => {
  const before = await studio.state();
  await page.getByRole('button', { name: 'A → B' }).click();
  const ask = page.getByRole('group', { name: /What is B/ });
  await expect(ask).toBeVisible();
  expect((await studio.state()).history).toEqual(before.history);
  await ask.getByRole('button', { name: 'Cancel' }).click();
  await expect(ask).toHaveCount(0);
  await page.getByRole('button', { name: 'A → B' }).click();
  await ask.getByRole('button', { name: 'bell' }).click();
  await expect.poll(async () => (await studio.state()).history.slice(-2)).toEqual(['Corner B: bell.flac', 'From A to B']);
  expect((await studio.state()).samples).not.toBe(before.samples);
  await expect(page.getByRole('group', { name: 'Corner B' })).toContainText(/shortened to \d+ %/);
  await expect(page.getByRole('group', { name: 'Corner A' })).not.toContainText(/stretched|shortened/);
});

test('the square is square, with a picture of the sound in each corner', async ({ studio, page }) => {
  const box = (await page.getByRole('slider', { name: 'Puck', exact: true }).boundingBox())!;
  expect(Math.abs(box.width - box.height)).toBeLessThan(1);
  expect(box.width).toBeGreaterThan(260);
  await page.getByLabel('Corner C is').selectOption('random');
  await studio.settled();
  const inked = () => page.locator('.corner canvas').evaluateAll((all) => all.map((canvas) => {
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 112, 26);
    return data.filter((value, i) => i % 4 === 3 && value > 0).length > 60;
  }));
  await expect.poll(inked).toEqual([true, true, true, true]);
  const boxes = await page.locator('.field .corner').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
  for (const one of boxes) {
    expect(one.left).toBeGreaterThanOrEqual(box.x - 1);
    expect(one.right).toBeLessThanOrEqual(box.x + box.width + 1);
    expect(one.bottom).toBeLessThanOrEqual(box.y + box.height + 1);
  }
});
