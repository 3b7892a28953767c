// How things end that were begun: a drag by Escape or an undo, a typed number by what came of it, a drop of several files.

import { expect, sine, test, wav } from './fixtures';

test('Escape ends a drag in a lane, and so does an undo, wherever the pointer goes before it is let go', async ({ studio, page }) => {
  await page.keyboard.press('b');
  await studio.drag('Latent 1', [[0.6, 0.5], [0.8, 0.1]]);
  const before = await studio.state();
  for (const tool of ['b', 'n', 'v']) {
    await page.keyboard.press(tool);
    // by hand and lines anywhere, select on the point at 0.6
    await page.mouse.move(...(await studio.at('Latent 1', tool === 'v' ? [0.6, 0.5] : [0.1, 0.5])));
    await page.mouse.down();
    await page.mouse.move(...(await studio.at('Latent 1', [0.3, 0.2])), { steps: 4 });
    expect(await page.evaluate(() => !!window.melisma.work.gesture)).toBe(true);
    await page.keyboard.press('Escape');
    await page.mouse.move(...(await studio.at('Latent 1', [0.35, 0.3])), { steps: 3 });
    await page.mouse.up();
    expect(await studio.state()).toEqual(before);
  }
  await page.keyboard.press('b');
  await page.mouse.move(...(await studio.at('Latent 1', [0.1, 0.5])));
  await page.mouse.down();
  await page.mouse.move(...(await studio.at('Latent 1', [0.3, 0.2])), { steps: 4 });
  await page.keyboard.press('Control+z');
  await page.mouse.move(...(await studio.at('Latent 1', [0.35, 0.3])), { steps: 3 });
  await page.mouse.up();
  expect((await studio.state()).edits).toBe(before.edits - 1);
  await page.keyboard.press('Control+Shift+z');
  expect(await studio.state()).toEqual(before); // what was undone can be redone
});

test('fields show what is there, not what was typed', async ({ studio, page }) => {
  const field = async (name: string, typed: string, shown: string) => {
    const input = page.getByLabel(name, { exact: true });
    for (let n = 0; n < 2; n++) { // the second time nothing changes
      await input.fill(typed);
      await input.press('Enter');
      await studio.settled();
      await expect(input).toHaveValue(shown);
    }
  };
  await field('End of the range in seconds', '99', (await page.evaluate(() => window.melisma.look.duration)).toFixed(2));
  await field('Seed', 'a word', '0');
  await field('Map x in %', '150', '100');
  await field('Map x in %', '', '100');
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('s');
  await studio.settled();
  await field('Name of snapshot 1', '   ', 'cat · strings');
});

test('of several files that are dropped one is opened, and that is said', async ({ studio, page }) => {
  const sound = [...wav(sine(0.5, 220, 0.3))];
  await page.evaluate((bytes) => {
    const dataTransfer = new DataTransfer();
    for (const name of ['first.wav', 'second.wav']) dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  }, sound);
  await expect(page.getByText('first.wav is opened, second.wav is not')).toBeVisible();
  await page.waitForFunction(() => window.melisma.work.take.input.name === 'first.wav');
  await studio.settled();
});

test('Escape closes a question; one whose file was not chosen is forgotten', async ({ studio, page }) => {
  await studio.load({ name: 'low.wav', mimeType: 'audio/wav', buffer: wav(sine(1, 220, 0.3, 8000), 8000) });
  await page.evaluate(() => window.melisma.look.select({ start: 0.2, end: 0.4 }));
  await page.getByRole('button', { name: 'WAV …' }).click();
  const rate = page.getByText('At which rate is the WAV?');
  await expect(rate).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(rate).toHaveCount(0);
  expect(await page.evaluate(() => window.melisma.look.range)).not.toBeNull(); // it closed that alone
  const what = page.getByText('What is B?');
  await page.getByRole('button', { name: 'A → B' }).click();
  await expect(what).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(what).toHaveCount(0);
  await page.getByRole('button', { name: 'A → B' }).click();
  await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'a file…' }).click()]); // and none is chosen
  await page.getByLabel('Corner B is').selectOption('random');
  await studio.settled();
  expect(await page.evaluate(() => window.melisma.work.take.square.puck.points)).toHaveLength(1);
});
