import { findings } from './axe';
import { expect, test } from './fixtures';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

test('opens with a sound in all its lanes, and nothing for axe to find', async ({ studio, page }) => {
  await expect(studio.lane('Loudness')).toBeVisible();
  await expect(page.getByRole('slider', { name: /^Latent \d+, curve$/ })).toHaveCount(16);
  const drawn = await page.locator('.timeline canvas').evaluateAll((all) =>
    (all as HTMLCanvasElement[]).map((canvas) => new Set(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data).size > 3));
  expect(drawn.filter(Boolean).length).toBeGreaterThan(18);
  expect(await findings(page)).toEqual([]);
  await studio.shot('opened');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Shortcuts' })).toBeVisible();
  expect(await findings(page)).toEqual([]);
});

test('draws, undoes to the same bits, redoes', async ({ studio, page }) => {
  const before = await studio.state();
  await page.keyboard.press('b');
  await studio.drag('Latent 1', [[0.1, 0.5], [0.2, 0.1], [0.3, 0.8], [0.5, 0.3]]);
  const drawn = await studio.state();
  expect(drawn.history.at(-1)).toBe('Drew Latent 1');
  expect(drawn.edits).toBe(1);
  expect(drawn.samples).not.toBe(before.samples);
  await page.keyboard.press('Control+z');
  expect((await studio.state()).samples).toBe(before.samples);
  await page.keyboard.press('Control+Shift+z');
  expect((await studio.state()).samples).toBe(drawn.samples);
  await studio.shot('drawn');
  await page.getByRole('button', { name: 'Opened cat.flac' }).last().click();
  expect((await studio.state()).samples).toBe(before.samples);
});

test('points, segments, lines and ranges', async ({ studio, page }) => {
  const points = () => page.evaluate(() => (window as any).melisma.take.edits.flatMap((edit: any) => edit.points ?? []));
  await studio.drag('Latent 1', [[0.3, 0.2]]); // a click
  expect(await points()).toHaveLength(3);
  await studio.drag('Latent 1', [[0.3, 0.2], [0.32, 0.6]]);
  let [, middle] = await points();
  expect(middle[1]).toBeLessThan(0);
  const box = (await studio.lane('Latent 1').boundingBox())!;
  const spot = await page.evaluate(([t, v]) => {
    const { melisma } = window as any;
    const [low, high] = melisma.scale(0);
    return [(t - melisma.view.t0) / (melisma.view.t1 - melisma.view.t0), (high - v) / (high - low)];
  }, middle);
  await page.keyboard.down('Alt');
  await page.mouse.click(box.x + spot[0] * (box.width - 12), box.y + spot[1] * box.height);
  await page.keyboard.up('Alt');
  expect(await points()).toHaveLength(2);
  await page.keyboard.press('n');
  await studio.drag('Latent 1', [[0.5, 0.3], [0.7, 0.3]]);
  await studio.drag('Latent 1', [[0.8, 0.7]]); // a click goes on with the line
  expect((await studio.state()).history.slice(-2)).toEqual(['Line in Latent 1', 'Line in Latent 1']);
  await page.keyboard.press('v');
  await studio.drag('Latent 1', [[0.6, 0.3], [0.6, 0.5]]); // a segment
  expect((await studio.state()).history.at(-1)).toBe('Moved a segment of Latent 1');
  await page.keyboard.press('r');
  await studio.drag('Loudness', [[0.2, 0.5], [0.4, 0.5]]);
  await expect(page.getByLabel('Start of the range in seconds')).not.toHaveValue('');
  await page.keyboard.press('z');
  const view = await page.evaluate(() => (window as any).melisma.view);
  expect(view.t1 - view.t0).toBeLessThan(1);
  await page.keyboard.press('Escape');
  await expect(page.getByLabel('Start of the range in seconds')).toHaveValue('');
});

test('every operator, live, one step each, and the same seed the same sound', async ({ studio, page }) => {
  const begin = await studio.state();
  for (const [name, value] of [['Scale', '1.7'], ['Bias', '0.8'], ['Random', '0.6'], ['Smooth', '0.2']]) {
    await page.getByRole('button', { name: new RegExp(`^${name}: .*type a value`) }).click();
    await page.getByRole('textbox', { name: new RegExp(`^${name} in`) }).fill(value);
    await page.keyboard.press('Enter');
    const state = await studio.state();
    expect(state.history.at(-1)).toBe(`${name}: Latent 1`);
  }
  const seeded = await studio.state();
  expect(seeded.edits).toBe(4);
  await page.getByLabel('Seed', { exact: true }).fill('77');
  await page.keyboard.press('Tab');
  const other = await studio.state();
  expect(other.samples).not.toBe(seeded.samples);
  await page.getByLabel('Seed', { exact: true }).fill('0');
  await page.keyboard.press('Tab');
  expect((await studio.state()).samples).toBe(seeded.samples);
  for (const name of ['Reverse', 'Hold']) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(page.getByRole('button', { name, exact: true })).toHaveAttribute('aria-pressed', 'true');
  }
  const knob = page.getByRole('slider', { name: 'Scale', exact: true });
  await knob.focus();
  await page.keyboard.press('ArrowUp');
  expect((await studio.state()).history.at(-1)).toBe('Scale: Latent 1');
  const box = (await knob.boundingBox())!;
  const steps = (await studio.state()).history.length;
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y - 30, { steps: 8 });
  await page.mouse.up();
  expect((await studio.state()).history.length).toBe(steps + 1);
  await knob.dblclick();
  await expect(knob).toHaveAttribute('aria-valuetext', '1.00 ×');
  await studio.shot('operators');
  await page.locator('section', { hasText: 'Operators' }).getByRole('button', { name: 'Reset' }).click();
  expect((await studio.state()).samples).toBe(begin.samples);
  await page.keyboard.press('0');
  await page.getByRole('button', { name: /^Gain: .*type a value/ }).click();
  await page.getByRole('textbox', { name: 'Gain in dB' }).fill('-12');
  await page.keyboard.press('Enter');
  const quieter = await studio.state();
  expect(quieter.samples).not.toBe(begin.samples);
  await page.getByRole('button', { name: /^Revert/ }).click();
  expect((await studio.state()).samples).toBe(begin.samples);
});

test('the square: corners, the puck, from A to B', async ({ studio, page }) => {
  const before = await studio.state();
  await page.getByLabel('Corner B is').selectOption('random');
  await page.getByLabel('Corner C is').selectOption('example bell');
  await studio.settled();
  await page.getByLabel('Corner D is').selectOption('current');
  const mixed = await studio.state();
  expect(mixed.samples).not.toBe(before.samples);
  const pad = page.getByRole('slider', { name: 'Puck', exact: true });
  const box = (await pad.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, box.y + 1, { steps: 8 });
  await page.mouse.up();
  const moved = await studio.state();
  expect(moved.history.at(-1)).toBe('Moved the puck');
  expect(moved.samples).not.toBe(mixed.samples);
  await pad.focus();
  for (const key of ['ArrowLeft', 'ArrowDown']) await page.keyboard.press(key);
  expect((await studio.state()).samples).not.toBe(moved.samples);
  await page.getByRole('button', { name: 'A → B' }).click();
  expect((await studio.state()).history.at(-1)).toBe('From A to B');
  await studio.shot('square');
  await page.getByRole('switch').click();
  expect((await studio.state()).samples).toBe(before.samples);
});

test('the same edits through another model, snapshots side by side', async ({ studio, page }) => {
  await page.keyboard.press('b');
  await studio.drag('Latent 2', [[0.5, 0.5]]); // opens the lane
  await studio.drag('Latent 2', [[0.2, 0.3], [0.6, 0.7]]);
  const strings = await studio.state();
  await page.getByRole('button', { name: 'Keep this' }).click();
  await page.getByLabel('Model').selectOption('dark');
  const dark = await studio.state();
  expect(dark.edits).toBe(strings.edits);
  expect(dark.samples).not.toBe(strings.samples);
  await page.keyboard.press('s');
  await expect(page.getByLabel(/^Name of snapshot/)).toHaveCount(2);
  await page.getByRole('button', { name: /^Hear cat · dark/ }).click();
  await expect(page.getByRole('button', { name: /^Stop cat · dark/ })).toBeVisible();
  await studio.shot('snapshots');
  await page.getByRole('button', { name: /^Go back to cat · strings/ }).click();
  expect((await studio.state()).samples).toBe(strings.samples);
});

test('plays, loops, swaps without losing the place, meters, panics', async ({ studio, page }) => {
  const time = () => page.evaluate(() => (window as any).melisma.player.time);
  await page.keyboard.press('l'); // or a busy machine may look only when it has ended
  await page.keyboard.press('Space');
  await expect.poll(time).toBeGreaterThan(0.1);
  await page.keyboard.press('a');
  await expect(page.getByRole('button', { name: 'Original', exact: true })).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(() => page.getByRole('meter').getAttribute('aria-valuetext')).not.toBe('silent');
  await page.getByLabel('Start of the range in seconds').fill('0.5');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('End of the range in seconds')).not.toHaveValue('');
  await page.getByLabel('End of the range in seconds').fill('0.8');
  await page.keyboard.press('Tab');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  for (let n = 0; n < 5; n++) {
    await page.waitForTimeout(600); // longer than the range: it has come round
    const now = await time();
    expect(now).toBeGreaterThanOrEqual(0.49);
    expect(now).toBeLessThan(0.81);
  }
  await page.keyboard.press('.');
  await expect.poll(() => page.evaluate(() => (window as any).melisma.playing)).toBe(false);
});

test('records from the microphone without loss', async ({ studio, page }) => {
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.waitForFunction(() => (window as any).melisma.recording?.seconds > 1);
  await page.getByRole('button', { name: /^Stop recording/ }).click();
  await page.waitForFunction(() => (window as any).melisma.take.input?.name.startsWith('recording'));
  await studio.settled();
  const loudest = await page.evaluate(() => (window as any).melisma.inputWave.peaks.between(0, 1e9)[1]);
  expect(loudest).toBeGreaterThan(0.01);
});

test('a session goes to a file and back, and renders to the same bits', async ({ studio, page, server }) => {
  await page.keyboard.press('b');
  await studio.drag('Loudness', [[0.2, 0.5], [0.6, 0.2]]);
  const before = await studio.state();
  const [session] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Control+s')]);
  const [wav] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'WAV' }).click()]);
  expect(wav.suggestedFilename()).toBe('cat through strings.wav');
  const file = join(server.home, session.suggestedFilename());
  await session.saveAs(file);
  await wav.saveAs(join(server.home, 'page.wav'));
  server.melisma('render', file, join(server.home, 'cli.wav'));
  expect(readFileSync(join(server.home, 'cli.wav')).equals(readFileSync(join(server.home, 'page.wav')))).toBe(true);
  await page.evaluate(() => (window as any).melisma.openExample('drums'));
  expect((await studio.state()).samples).not.toBe(before.samples);
  await page.locator('#open').setInputFiles(file);
  await page.waitForFunction(() => (window as any).melisma.take.input.name === 'cat.flac');
  expect((await studio.state()).samples).toBe(before.samples);
});

test('what is no sound gets one sentence', async ({ studio, page, server }) => {
  writeFileSync(join(server.home, 'notes.wav'), 'not a sound');
  await page.locator('#open').setInputFiles(join(server.home, 'notes.wav'));
  await expect(page.getByRole('alert')).toContainText('notes.wav is not audio that can be read');
  expect((await studio.state()).history.at(-1)).toBe('Opened cat.flac');
});

test('keyboard only: from the page to a point, an operator, an undo', async ({ studio, page }) => {
  const before = await studio.state();
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))) === 'Latent 1, curve') break;
  }
  const lane = studio.lane('Latent 1');
  await expect(lane).toBeFocused();
  for (let n = 0; n < 10; n++) await page.keyboard.press('ArrowRight');
  for (let n = 0; n < 5; n++) await page.keyboard.press('ArrowUp');
  await expect(lane).toHaveAttribute('aria-valuetext', /σ at 0\.\d+ s, point/);
  const raised = await studio.state();
  expect(raised.samples).not.toBe(before.samples);
  await studio.shot('keyboard');
  await page.keyboard.press('Delete');
  expect((await studio.state()).history.at(-1)).toBe('Deleted points of Latent 1');
  for (let n = (await studio.state()).at; n > before.at; n--) await page.keyboard.press('Control+z');
  expect((await studio.state()).samples).toBe(before.samples);
});

test('a reload, a second tab, a killed server: nothing is lost', async ({ studio, page, server, context }) => {
  await page.keyboard.press('b');
  await studio.drag('Latent 1', [[0.1, 0.5], [0.4, 0.1]]);
  const before = await studio.state();
  await page.reload();
  await page.waitForFunction(() => (window as any).melisma?.status === 'open');
  expect((await studio.state()).samples).toBe(before.samples);
  const second = await context.newPage();
  await second.goto(server.address);
  await expect(page.getByText('open in another tab')).toBeVisible();
  await second.close();
  await page.getByRole('button', { name: 'Use it here' }).click();
  await page.waitForFunction(() => (window as any).melisma.status === 'open');
  expect((await studio.state()).samples).toBe(before.samples);
  await server.kill();
  await expect(page.getByText('The studio does not answer')).toBeVisible();
  await server.start('0');
  await page.goto(server.address);
  await page.waitForFunction(() => (window as any).melisma?.status === 'open');
  expect((await studio.state()).samples).toBe(before.samples);
});

test('a controller takes hold of a knob when it passes its value', async ({ page, server, context }) => {
  await context.addInitScript(() => {
    const input = { onmidimessage: null as ((event: { data: Uint8Array }) => void) | null };
    Object.assign(window, { cc: (value: number) => input.onmidimessage?.({ data: new Uint8Array([0xb0, 7, value]) }) });
    Object.assign(navigator, { requestMIDIAccess: async () => ({ inputs: new Map([['fake', input]]) }) });
  });
  await page.goto(server.address);
  await page.waitForFunction(() => (window as any).melisma?.curvesChanged > 0);
  await page.getByRole('button', { name: 'MIDI' }).click();
  const knob = page.getByRole('slider', { name: 'Bias', exact: true });
  await knob.click();
  await page.evaluate(() => (window as any).cc(0));
  await page.getByRole('button', { name: 'MIDI' }).click();
  const value = async () => Number(await knob.getAttribute('aria-valuenow'));
  await page.evaluate(() => (window as any).cc(20));
  expect(await value()).toBe(0); // not passed yet
  await page.evaluate(() => (window as any).cc(90));
  await expect.poll(value).toBeGreaterThan(0.1);
  await page.waitForTimeout(500);
  expect(await page.evaluate(() => (window as any).melisma.history.steps.at(-1).name)).toMatch(/^Bias: /);
});
