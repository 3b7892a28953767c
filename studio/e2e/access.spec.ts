// For everyone: axe in every state, the keyboard alone, targets, less motion, MIDI.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findings } from './axe';
import { expect, test, type Studio } from './fixtures';

/** Nothing for axe to find in this state. Each has a test of its own: axe takes its time. */
async function clean(studio: Studio, state: string): Promise<void> {
  expect(await findings(studio.page), state).toEqual([]);
  await studio.shot(state);
}

async function draw(studio: Studio): Promise<void> {
  await studio.page.keyboard.press('b');
  await studio.drag('Latent 1', [[0.1, 0.5], [0.2, 0.1], [0.3, 0.8], [0.5, 0.3]]);
  await studio.page.keyboard.press('v');
  await studio.drag('Latent 1', [[0.05, 0.95], [0.6, 0.95]]);
  await studio.settled();
}

async function square(studio: Studio): Promise<void> {
  await studio.page.getByLabel('Corner B is').selectOption('random');
  await studio.page.getByRole('button', { name: 'A → B' }).click();
  await studio.page.keyboard.press('s');
  await studio.settled();
}

test('axe: a sound is open in all its lanes', async ({ studio, page }) => {
  for (const name of [/^Timbre \d/, /^Pitch \d/]) await page.getByRole('button', { name }).click(); // folded at first
  await expect(page.getByRole('slider', { name: /^Latent \d+, curve$/ })).toHaveCount(16);
  const drawn = await page.locator('.timeline canvas').evaluateAll((all) =>
    (all as HTMLCanvasElement[]).map((canvas) => new Set(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data).size > 3));
  expect(drawn.filter(Boolean).length).toBeGreaterThan(18);
  await clean(studio, 'opened');
});

test('axe: drawn in, points and a range selected', async ({ studio }) => {
  await draw(studio);
  await clean(studio, 'drawn');
});

test('axe: the square with a way, recording armed, a snapshot', async ({ studio, page }) => {
  await square(studio);
  await page.getByRole('button', { name: 'Puck', exact: true }).click();
  await clean(studio, 'square');
});

test('axe: MIDI learn', async ({ studio, page }) => {
  await page.getByRole('button', { name: 'MIDI' }).click();
  await clean(studio, 'midi');
});

for (const width of [1280, 1024])
  test(`axe: ${width} pixels wide, with an error`, async ({ studio, page, server }) => {
    await draw(studio);
    await square(studio);
    await page.setViewportSize({ width, height: 768 });
    writeFileSync(join(server.home, 'bad.wav'), 'no sound');
    await page.locator('#open').setInputFiles(join(server.home, 'bad.wav'));
    await expect(page.getByRole('alert')).toBeVisible();
    await clean(studio, `${width}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });

test('axe: nothing open', async ({ studio, page }) => {
  await page.evaluate(() => {
    const { work } = window.melisma; // a new take, as before the first sound
    work.commitTake('Nothing', { ...work.session.take, input: null });
  });
  await expect(page.getByRole('heading', { name: 'Drop a sound here' })).toBeVisible();
  await clean(studio, 'empty');
  await page.getByRole('region', { name: 'Lanes' }).getByRole('button', { name: 'bell' }).click();
  await page.waitForFunction(() => window.melisma.work.take.input?.name === 'bell.flac');
  await studio.settled();
});

test('axe: the shortcuts', async ({ studio, page }) => {
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Words and shortcuts' })).toBeVisible();
  await clean(studio, 'help');
});

test('whatever can be clicked is 24 pixels wide and high', async ({ studio, page }) => {
  await page.getByRole('button', { name: 'Keep this' }).click();
  await studio.settled();
  const small = await page.locator('button, a, select, input:not([hidden]), [role=slider]').evaluateAll((all) => all.flatMap((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width && (width < 24 || height < 24) ? [`${element.outerHTML.slice(0, 90)}: ${width} x ${height}`] : [];
  }));
  expect(small).toEqual([]);
});

test('keyboard only: from the page to a point, an operator, a range, an undo', async ({ studio, page }) => {
  const before = await studio.state();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  for (let n = 0; n < 80 && (await focused()) !== 'Latent 1, curve'; n++) await page.keyboard.press('Tab');
  const lane = studio.lane('Latent 1');
  await expect(lane).toBeFocused();
  expect(await lane.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
  for (let n = 0; n < 10; n++) await page.keyboard.press('ArrowRight');
  for (let n = 0; n < 5; n++) await page.keyboard.press('ArrowUp');
  await expect(lane).toHaveAttribute('aria-valuetext', /σ at 0\.\d+ s, point/);
  const raised = await studio.state();
  expect(raised.samples).not.toBe(before.samples);
  const points = await studio.points();
  await page.keyboard.press('ArrowLeft'); // from point to point
  expect(await lane.getAttribute('aria-valuetext')).toMatch(new RegExp(`at ${points[0][0].toFixed(2)} s, point`));
  await page.keyboard.press('ArrowRight');
  await studio.shot('keyboard');
  await page.keyboard.press('Delete');
  expect((await studio.state()).history.at(-1)).toBe('Deleted points of Latent 1');
  for (let n = 0; n < 60 && (await focused()) !== 'Scale'; n++) await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowUp');
  await expect.poll(async () => (await studio.state()).history.at(-1)).toBe('Scale 1.05 ×, latent 1');
  await expect(page.getByRole('slider', { name: 'Scale' })).toHaveAttribute('aria-valuetext', /^1\.\d\d ×$/);
  for (let n = (await studio.state()).at; n > before.at; n--) await page.keyboard.press('Control+z');
  expect((await studio.state()).samples).toBe(before.samples);
  await expect(page.locator('[aria-live=polite]')).toContainText('Undone');
});

test('without a drag: points and ranges as numbers', async ({ studio, page }) => {
  const name = (what: string) => page.getByRole('button', { name: what, exact: true });
  await studio.seek(1); // where a point is added
  await name('Add a point').click();
  await page.getByLabel('Time of the point in seconds').fill('1.05');
  await page.keyboard.press('Tab');
  await page.getByLabel('Value of the point in σ').fill('1.5');
  await page.keyboard.press('Tab');
  await studio.settled();
  expect((await studio.points()).some(([t, v]) => Math.abs(t - 1.05) < 1e-9 && v === 1.5)).toBe(true);
  await name('Previous point').click();
  await name('Next point').click();
  await expect(page.getByLabel('Value of the point in σ')).toHaveValue('1.5');
  await name('Delete the point').click();
  expect((await studio.points()).some(([, v]) => v === 1.5)).toBe(false);
});

test('single keys are off where something is typed', async ({ studio, page }) => {
  await page.getByRole('button', { name: 'Keep this' }).click();
  const name = page.getByLabel('Name of snapshot 1');
  await name.fill('');
  await name.pressSequentially('brazen l.');
  await page.keyboard.press('Tab');
  expect((await studio.state()).history.at(-1)).toBe('Renamed a snapshot');
  await expect(name).toHaveValue('brazen l.');
  expect(await page.evaluate(() => [window.melisma.look.tool, window.melisma.transport.looping])).toEqual(['select', false]);
});

test('less motion: the puck stands still while the sound plays', async ({ studio, page }) => {
  await page.getByLabel('Corner B is').selectOption('random');
  await page.getByRole('button', { name: 'A → B' }).click();
  await studio.settled();
  const puck = () => page.locator('.puck').evaluate((element: HTMLElement) => element.style.left);
  const play = async () => {
    await page.evaluate(() => {
      window.melisma.transport.looping = true;
      window.melisma.transport.seek(0.2);
      return window.melisma.transport.player.play();
    });
    await page.waitForFunction(() => window.melisma.transport.playing && window.melisma.transport.time > 0.3);
    const begin = await puck();
    const time = await studio.time();
    await page.waitForFunction((t) => Math.abs(window.melisma.transport.time - t) > 0.1, time);
    const moved = (await puck()) !== begin;
    await page.evaluate(() => window.melisma.transport.stop());
    return moved;
  };
  expect(await play()).toBe(true);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await play()).toBe(false);
});

test('a controller takes hold of a knob when it passes its value; buttons and menus follow, too', async ({ page, server, context, studio }) => {
  await context.addInitScript(() => {
    const input = { onmidimessage: null as ((event: { data: Uint8Array }) => void) | null };
    Object.assign(window, { midi: (...data: number[]) => input.onmidimessage?.({ data: new Uint8Array(data) }) });
    Object.assign(navigator, { requestMIDIAccess: async () => ({ inputs: new Map([['fake', input]]) }) });
  });
  await page.goto(server.address);
  await studio.opened();
  const send = (...data: number[]) => page.evaluate((data) => (window as any).midi(...data), data);
  const learn = page.getByRole('button', { name: 'MIDI' });
  const knob = page.getByRole('slider', { name: 'Bias', exact: true });
  await learn.click();
  await knob.click();
  await send(0xb0, 7, 0);
  await page.getByRole('button', { name: 'Line', exact: true }).click(); // chosen, not pressed
  expect(await page.evaluate(() => window.melisma.look.tool)).toBe('select');
  await send(0x90, 60, 100);
  await page.getByRole('combobox', { name: 'Model' }).click();
  await send(0xb0, 9, 0);
  await page.locator('.lane .head', { hasText: 'Latent 3' }).click();
  await send(0x90, 62, 100);
  await learn.click();
  const value = async () => Number(await knob.getAttribute('aria-valuenow'));
  await send(0xb0, 7, 20);
  expect(await value()).toBe(0); // not passed yet
  await send(0xb0, 7, 90);
  await expect.poll(value).toBeGreaterThan(0.1);
  await expect.poll(() => page.evaluate(() => window.melisma.work.history.steps.at(-1).name)).toMatch(/^Bias [+−]/);
  await knob.dblclick(); // by hand: the controller has to find it again
  await knob.focus();
  await page.keyboard.press('ArrowDown');
  const low = await value();
  await send(0xb0, 7, 95);
  expect(await value()).toBe(low);
  await send(0x90, 60, 100);
  expect(await page.evaluate(() => window.melisma.look.tool)).toBe('line');
  await send(0x90, 62, 100); // a lane is opened
  expect(await page.evaluate(() => window.melisma.look.lane)).toBe(2);
  const models = await page.getByRole('combobox', { name: 'Model' }).locator('option').allTextContents();
  await send(0xb0, 9, 127);
  await expect.poll(() => page.evaluate(() => window.melisma.work.take.model)).toBe(models.at(-1));
});
