// What latents do: which matter, which way is up, how they sound, what they are called; and what goes along beside them.

import { expect, test } from './fixtures';

const lanes = { name: /^Latent \d+, curve$/ };

test('four lanes that matter stand open, the others are folded in groups of timbre and pitch', async ({ studio, page }) => {
  await expect(page.getByRole('slider', lanes)).toHaveCount(4);
  const timbre = await page.evaluate(() => window.melisma.work.model.timbre.filter((k: number) => k >= 4).map((k: number) => k + 1));
  const fold = page.getByRole('button', { name: /^Timbre \d+ more/ });
  await expect(fold).toContainText(timbre.join(', '));
  await fold.click();
  await expect(page.getByRole('slider', lanes)).toHaveCount(4 + timbre.length);
  await expect(studio.lane(`Latent ${timbre[0]}`)).toBeVisible();
  await fold.click();
  await expect(page.getByRole('slider', lanes)).toHaveCount(4);
  await page.keyboard.press('5'); // of pitch: opening a lane opens its group
  await expect(studio.lane('Latent 5')).toBeInViewport();
  await expect(page.getByRole('slider', lanes)).toHaveCount(16 - timbre.length);
  await studio.shot('lanes');
});

test('up is brighter: a lane is turned where its latent is darker, and what is typed and said is turned with it', async ({ studio, page }) => {
  await page.waitForFunction(() => [...Array(16).keys()].some((k) => window.melisma.look.turn(k) < 0));
  // the one that does most, of those that are turned: which they are is the model's affair
  const turned = await page.evaluate(() => [...Array(16).keys()].find((k) => window.melisma.look.turn(k) < 0)!);
  const name = `Latent ${turned + 1}`;
  await page.evaluate((lane) => window.melisma.look.activate(lane), turned);
  await studio.original();
  await page.keyboard.press('b');
  const bright = async (y: number) => {
    await studio.drag(name, [[0.02, y], [0.98, y]]);
    await studio.settled();
    return page.evaluate(() => {
      const { data, bands } = window.melisma.received.resultWave.mel;
      let [sum, whole] = [0, 0];
      for (let i = 0; i < data.length; i++) {
        const power = 10 ** (10 * (data[i] / 255 - 1));
        [sum, whole] = [sum + power * Math.log2(window.melisma.work.model.hertz[i % bands]), whole + power];
      }
      return sum / whole;
    });
  };
  const [dark, light] = [await bright(0.75), await bright(0.25)];
  expect(light).toBeGreaterThan(dark);
  expect((await studio.points()).at(-1)![1]).toBeLessThan(0); // as the model has it
  await expect(studio.lane(name)).toHaveAttribute('aria-valuetext', /^\d/); // as it is shown
  await page.keyboard.press('v');
  await studio.lane(name).focus();
  await page.keyboard.press('Home');
  const value = async () => Number(await studio.lane(name).getAttribute('aria-valuenow'));
  const before = await value();
  await page.keyboard.press('PageUp');
  await studio.settled();
  expect(await value()).toBeGreaterThan(before); // up is more
  await page.getByRole('button', { name: /^Bias: .*type a value/ }).click();
  await page.getByRole('textbox', { name: /^Bias in/ }).fill('0.5');
  await page.keyboard.press('Enter');
  await studio.settled();
  expect((await studio.state()).history.at(-1)).toBe(`Bias +0.50 σ, latent ${turned + 1}`);
  expect(await page.evaluate(() => window.melisma.work.take.edits.at(-1).values.by)).toBeCloseTo(-0.5, 6);
});

test('a latent is heard, lower then higher, and seen', async ({ studio, page }) => {
  await expect(page.locator('.does[title]:not([title=""])')).toHaveCount(4); // measured
  const asked = page.waitForResponse((answer) => answer.url().includes('/api/take/latent?lane=1'));
  const hear = page.getByRole('button', { name: 'Hear what Latent 2 does: 2 σ lower, then 2 σ higher' });
  await hear.click();
  const sound = new Float32Array((await (await asked).body()).buffer.slice(0));
  expect(sound.length).toBeGreaterThan(44100);
  expect(sound.some((x) => Math.abs(x) > 0.01)).toBe(true);
  await expect(hear).toHaveAttribute('aria-pressed', 'true');
  await expect(hear).toHaveAttribute('aria-pressed', 'false'); // it ends by itself
  // its picture: brighter at the right, in every lane
  const bright = await page.locator('.picture canvas').evaluateAll((all) => (all as HTMLCanvasElement[]).map((canvas) => {
    const middle = (x: number) => {
      const { data } = canvas.getContext('2d')!.getImageData(x, 0, 1, canvas.height);
      let [sum, whole] = [0, 0];
      for (let y = 0; y < canvas.height; y++) {
        const power = 10 ** ((data[4 * y] + data[4 * y + 1] + data[4 * y + 2]) / 100);
        [sum, whole] = [sum + power * (canvas.height - y), whole + power];
      }
      return sum / whole;
    };
    return [middle(0), middle(canvas.width - 1)];
  }));
  expect(bright).toHaveLength(4);
  for (const [left, right] of bright.slice(0, 3)) expect(right).toBeGreaterThan(left);
});

test('a name of one\'s own: shown, undone, kept in the session', async ({ studio, page }) => {
  await page.getByRole('textbox', { name: 'Name of latent 1' }).fill('bow');
  await page.keyboard.press('Enter');
  await expect(studio.lane('bow')).toBeVisible();
  const state = await studio.state();
  expect(state.history.at(-1)).toBe('Named latent 1 “bow”');
  await page.reload();
  await studio.opened();
  await expect(studio.lane('bow')).toBeVisible();
  await page.getByRole('combobox', { name: 'Model' }).selectOption('dark'); // another model's latents have names of their own
  await studio.settled();
  await expect(studio.lane('Latent 1')).toBeVisible();
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await studio.settled();
  await expect(studio.lane('Latent 1')).toBeVisible();
});

test('fine and colour have small lanes, scaled by their amounts', async ({ studio, page }) => {
  await studio.original();
  const strengths = await page.evaluate(() => {
    const { kept } = window.melisma.received;
    return kept.lanes.map((lane: Float32Array) => lane.reduce((a, b) => a + b, 0) / lane.length);
  });
  for (const strength of strengths) expect(strength).toBeGreaterThan(0.3); // dB
  for (const [name, tint] of [['Fine', [139, 211, 199]], ['Colour', [224, 143, 189]]] as const) {
    const knob = page.getByRole('slider', { name, exact: true });
    const height = () => knob.locator('xpath=ancestor::div[contains(@class, "lane")]').locator('canvas').evaluate((canvas: HTMLCanvasElement, tint) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4)
        if (Math.abs(data[i] - tint[0]) + Math.abs(data[i + 1] - tint[1]) + Math.abs(data[i + 2] - tint[2]) < 60) return canvas.height - Math.floor(i / 4 / canvas.width);
      return 0;
    }, tint);
    await expect.poll(height).toBeGreaterThan(5);
    const whole = await height();
    await knob.focus();
    for (let n = 0; n < 5; n++) await knob.press('PageDown');
    await studio.settled();
    await expect.poll(height).toBeLessThan(0.75 * whole);
  }
});
