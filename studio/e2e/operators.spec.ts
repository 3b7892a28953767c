// The operators' panel: knobs in every way, seeds, what they act on.

import { expect, test } from './fixtures';

test('every operator, typed, live, one step each, and the same seed the same sound', async ({ studio, page }) => {
  const begin = await studio.state();
  for (const [name, value] of [['Scale', '1.7'], ['Bias', '0.8'], ['Random', '0.6'], ['Smooth', '0.2']]) {
    await page.getByRole('button', { name: new RegExp(`^${name}: .*type a value`) }).click();
    await page.getByRole('textbox', { name: new RegExp(`^${name} in`) }).fill(value);
    await page.keyboard.press('Enter');
    expect((await studio.state()).history.at(-1)).toMatch(new RegExp(`^${name} .*${value.replace('.', '\\.')}0? .*, latent 1$`));
  }
  const seeded = await studio.state();
  expect(seeded.edits).toBe(4);
  const seed = page.getByLabel('Seed', { exact: true });
  await seed.fill('77');
  await page.keyboard.press('Tab');
  expect((await studio.state()).samples).not.toBe(seeded.samples);
  await seed.fill('0');
  await page.keyboard.press('Tab');
  expect((await studio.state()).samples).toBe(seeded.samples);
  await page.getByRole('button', { name: 'Another seed' }).click();
  await expect(seed).not.toHaveValue('0');
  expect((await studio.state()).samples).not.toBe(seeded.samples);
  let samples = (await studio.state()).samples;
  for (const name of ['Reverse', 'Hold']) {
    const button = page.getByRole('button', { name, exact: true });
    await button.click();
    await expect(button).toHaveAttribute('aria-pressed', 'true');
    const state = await studio.state();
    expect(state.samples).not.toBe(samples);
    samples = state.samples;
  }
  await page.getByRole('region', { name: 'Operators' }).getByRole('button', { name: 'Reset' }).click();
  expect((await studio.state()).samples).toBe(begin.samples);
});

test('a knob: dragged live, nudged, finely with Shift, stepped, reset by a double click', async ({ studio, page }) => {
  const begin = await studio.state();
  const knob = page.getByRole('slider', { name: 'Scale', exact: true });
  const value = async () => Number(await knob.getAttribute('aria-valuenow'));
  const exact = () => page.evaluate(() => window.melisma.work.take.edits.at(-1)?.values.by ?? 1);
  const box = (await knob.boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y - 30, { steps: 8 });
  await page.waitForFunction(() => window.melisma.work.gesture && window.melisma.received.done === 1); // heard while it moves
  expect(await page.evaluate(() => window.melisma.work.history.steps.length)).toBe(begin.history.length);
  await page.mouse.up();
  const dragged = await studio.state();
  expect(dragged.history.length).toBe(begin.history.length + 1);
  expect(dragged.samples).not.toBe(begin.samples);
  expect(await value()).toBeGreaterThan(1);
  await knob.dblclick();
  await expect(knob).toHaveAttribute('aria-valuetext', '1.00 ×');
  expect((await studio.state()).samples).toBe(begin.samples);
  await knob.focus();
  await page.keyboard.press('ArrowUp');
  await studio.settled();
  const coarse = (await exact()) - 1;
  await page.keyboard.press('Delete');
  await page.keyboard.press('Shift+ArrowUp');
  await studio.settled();
  const fine = (await exact()) - 1;
  expect(fine).toBeGreaterThan(0);
  expect(fine).toBeLessThan(coarse);
  await page.getByRole('button', { name: 'Scale: more' }).click();
  expect(await exact()).toBeGreaterThan(1 + fine);
  expect((await studio.state()).history.at(-1)).toMatch(/^Scale \d\.\d\d ×, latent 1$/);
});

test('what operators act on: the selection, the lane, all latents, everything', async ({ studio, page }) => {
  await studio.original(); // nothing is moved but by operators
  const changed = () => page.evaluate(() => {
    const { edited, inferred } = window.melisma.received;
    return edited.lanes.map((lane: Float32Array, k: number) => {
      const found = Array.from(lane, (v, i) => (v === inferred.lanes[k][i] ? -1 : i / edited.rate)).filter((t) => t >= 0);
      return found.length ? [Math.min(...found), Math.max(...found)] : null;
    });
  });
  const hold = page.getByRole('button', { name: 'Hold', exact: true });
  await hold.click();
  await studio.settled();
  let lanes = await changed();
  expect(lanes.map(Boolean)).toEqual([true, ...Array(16).fill(false)]);
  await hold.click();
  await page.getByRole('button', { name: 'All latents', exact: true }).click();
  await hold.click();
  await studio.settled();
  lanes = await changed();
  expect(lanes.map(Boolean)).toEqual([...Array(16).fill(true), false]);
  await hold.click();
  await page.evaluate(() => window.melisma.look.select({ start: 0.5, end: 1 }));
  await page.getByRole('button', { name: 'Everything' }).click();
  await hold.click();
  await studio.settled();
  lanes = await changed();
  expect(lanes.every(Boolean)).toBe(true);
  for (const [first, end] of lanes as [number, number][]) {
    expect(first).toBeGreaterThanOrEqual(0.49);
    expect(end).toBeLessThanOrEqual(1.01);
  }
  await page.keyboard.press('Escape');
  await page.keyboard.press('0');
  await page.getByRole('button', { name: /^Gain: .*type a value/ }).click();
  await page.getByRole('textbox', { name: 'Gain in dB' }).fill('-12');
  await page.keyboard.press('Enter');
  expect((await studio.state()).history.at(-1)).toBe('Gain −12.00 dB, loudness');
});

test('consecutive steps of one control are one, with its value and range; another control begins another', async ({ studio, page }) => {
  const begin = await studio.state();
  await page.keyboard.press('3');
  await page.evaluate(() => window.melisma.look.select({ start: 0.6, end: 1.33 }));
  const bias = page.getByRole('slider', { name: 'Bias', exact: true });
  await bias.focus();
  for (let k = 0; k < 12; k++) await page.keyboard.press('ArrowUp');
  const twelve = await studio.state();
  expect(twelve.history.length).toBe(begin.history.length + 1);
  expect(twelve.history.at(-1)).toMatch(/^Bias \+\d\.\d\d σ, latent 3, 0\.60–1\.33 s$/);
  await page.getByRole('slider', { name: 'Scale', exact: true }).focus();
  await page.keyboard.press('ArrowUp');
  expect((await studio.state()).history.length).toBe(begin.history.length + 2);
  await bias.focus();
  await page.keyboard.press('ArrowUp');
  expect((await studio.state()).history.length).toBe(begin.history.length + 3);
  for (let k = 0; k < 3; k++) await page.keyboard.press('Control+z');
  expect((await studio.state()).samples).toBe(begin.samples);
  await page.keyboard.press('Control+Shift+z');
  expect((await studio.state()).samples).toBe(twelve.samples);
  const before = (await studio.state()).history;
  await page.reload(); // the server has kept the same list
  await studio.opened();
  expect((await studio.state()).history).toEqual(before);
});

test('the dial of Random goes to 2 σ, and more can be typed', async ({ studio, page }) => {
  const knob = page.getByRole('slider', { name: 'Random', exact: true });
  await knob.focus();
  await page.keyboard.press('End');
  await expect(knob).toHaveAttribute('aria-valuetext', /^\d/);
  for (const [typed, shown] of [['2', '2.00 σ'], ['5', '5.00 σ']]) {
    await page.getByRole('button', { name: /^Random: .*type a value/ }).click();
    await page.getByRole('textbox', { name: /^Random in/ }).fill(typed);
    await page.keyboard.press('Enter');
    await expect(knob).toHaveAttribute('aria-valuetext', shown);
  }
  await page.getByRole('button', { name: 'Random: more' }).click();
  expect(Number(await knob.getAttribute('aria-valuenow'))).toBeGreaterThan(5);
  await studio.settled();
});

test('what is kept of the sound: fine and colour, each heard, a step each, and a match leaves the colour to the domain', async ({ studio, page }) => {
  const knob = (name: string) => page.getByRole('slider', { name, exact: true });
  await studio.original();
  const begin = await studio.state();
  await expect(knob('Fine')).toHaveAttribute('aria-valuenow', '1');
  await expect(knob('Colour')).toHaveAttribute('aria-valuenow', '1');
  let samples = begin.samples;
  for (const [name, value] of [['Fine', '0.25'], ['Colour', '0']]) {
    await page.getByRole('button', { name: new RegExp(`^${name}: .*type a value`) }).click();
    await page.getByRole('textbox', { name: new RegExp(`^${name} in`) }).fill(value);
    await page.keyboard.press('Enter');
    const state = await studio.state();
    expect(state.history.at(-1)).toBe(`${name} ${Number(value).toFixed(2)}`);
    expect(state.samples).not.toBe(samples);
    samples = state.samples;
  }
  for (const name of ['Fine', 'Colour']) await knob(name).dblclick();
  expect((await studio.state()).samples).toBe(begin.samples);
  await page.getByRole('button', { name: 'All latents', exact: true }).click();
  await page.getByRole('button', { name: /^Match: .*type a value/ }).click();
  await page.getByRole('textbox', { name: /^Match in/ }).fill('1');
  await page.keyboard.press('Enter');
  await expect(knob('Colour')).toHaveAttribute('aria-valuenow', '0');
  await page.keyboard.press('Control+z');
  await expect(knob('Colour')).toHaveAttribute('aria-valuenow', '1');
});
