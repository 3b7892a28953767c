// What may happen to a page and its server: nothing is lost.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findings } from './axe';
import { expect, sine, test, wav } from './fixtures';

test('a reload keeps the session and its history; a second tab takes it, and gives it back', async ({ studio, page, server, context }) => {
  await page.keyboard.press('b');
  const before = await studio.state();
  await studio.drag('Latent 1', [[0.1, 0.5], [0.4, 0.1]]);
  await studio.drag('Latent 1', [[0.5, 0.5], [0.7, 0.1]]);
  await studio.state();
  await page.keyboard.press('Control+z');
  const undone = await studio.state();
  await page.reload();
  await studio.opened();
  const again = await studio.state();
  expect(again).toEqual(undone);
  await page.keyboard.press('Control+z');
  expect((await studio.state()).samples).toBe(before.samples);
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+Shift+z');
  expect((await studio.state()).edits).toBe(2);
  const second = await context.newPage();
  await second.goto(server.address);
  await expect(page.getByRole('alertdialog', { name: 'In another tab' })).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await second.waitForFunction(() => window.melisma?.work.take.edits.length === 2 && window.melisma.studio.saved);
  await second.evaluate(() => window.melisma.work.undo());
  await second.waitForFunction(() => window.melisma.studio.saved);
  await second.close();
  await page.getByRole('button', { name: 'Use it here' }).click();
  await page.waitForFunction(() => window.melisma.studio.status === 'open');
  expect((await studio.state()).samples).toBe(undone.samples);
});

test('a killed server: the page goes on when it is there again, and what was done meanwhile is kept', async ({ studio, page, server }) => {
  await page.keyboard.press('b');
  await studio.drag('Latent 1', [[0.1, 0.5], [0.4, 0.1]]);
  const before = await studio.state();
  const port = new URL(server.address).port;
  await server.kill();
  await expect(page.getByText('The studio does not answer')).toBeVisible();
  await studio.drag('Latent 1', [[0.5, 0.5], [0.7, 0.1]]);
  expect(await page.evaluate(() => window.melisma.work.take.edits.length)).toBe(2);
  await studio.shot('lost');
  expect(await findings(page)).toEqual([]);
  await server.start(port);
  await studio.opened();
  const after = await studio.state();
  expect(after.edits).toBe(2);
  expect(after.samples).not.toBe(before.samples);
  await page.reload();
  await studio.opened();
  expect(await studio.state()).toEqual(after);
  await server.kill();
  await server.start('0'); // another address, as after another day
  await page.goto(server.address);
  await studio.opened();
  expect(await studio.state()).toEqual(after);
});

test('a tab that is closed in the middle of a rendering', async ({ studio, page, server, context }) => {
  const file = join(server.home, 'minutes.wav');
  writeFileSync(file, wav(sine(120, 220, 0.3)));
  await page.locator('#open').setInputFiles(file);
  await page.waitForFunction(() => window.melisma.work.take.input.name === 'minutes.wav' && window.melisma.received.inputWave.samples.length > 5e6);
  await page.waitForFunction(() => window.melisma.studio.saved && window.melisma.received.resultWave?.samples.length > 5e6);
  await page.getByRole('button', { name: 'Reverse', exact: true }).click();
  await page.waitForFunction(() => window.melisma.studio.saved); // in the middle: minutes take longer than saving
  await page.close();
  const second = await context.newPage();
  await second.goto(server.address);
  await second.waitForFunction(() => window.melisma?.studio.status === 'open');
  expect(await second.evaluate(() => window.melisma.work.take.edits)).toHaveLength(1);
  await second.waitForFunction(() => window.melisma.received.done > 0);
  await second.evaluate(() => window.melisma.studio.cancel());
  await expect(second.getByRole('button', { name: 'Go on' })).toBeVisible();
  await second.evaluate(() => window.melisma.sounds.openExample('cat'));
  await second.waitForFunction(() => window.melisma.work.take.input.name === 'cat.flac' && window.melisma.received.done === 1 && window.melisma.studio.saved);
  void studio;
});

test('a late edit of a long sound is heard before all of it is rendered, and is exact in the end', async ({ studio, page, server }) => {
  const file = join(server.home, 'half.wav');
  writeFileSync(file, wav(sine(30, 220, 0.3)));
  await studio.load(file);
  await page.evaluate(() => {
    const { received } = window.melisma;
    const take = received.take.bind(received);
    const heard: [number, boolean][] = ((window as any).heard = []);
    received.take = (header: any, body: ArrayBuffer) => {
      if (header.type === 'samples') heard.push([header.first / 44100, header.exact]);
      take(header, body);
    };
    window.melisma.look.select({ start: 20, end: 21 });
  });
  await page.getByRole('button', { name: 'Hold', exact: true }).click();
  const late = await studio.state();
  const heard = await page.evaluate(() => (window as any).heard as [number, boolean][]);
  expect(heard[0][1]).toBe(false);
  expect(heard[0][0]).toBeGreaterThan(19.5);
  expect(heard.at(-1)![1]).toBe(true);
  await page.reload();
  await studio.opened();
  expect((await studio.state()).samples).toBe(late.samples);
});

test('a page that has not been greeted yet, or not again, writes over nothing', async ({ studio, page, server, context }) => {
  const draw = (one: typeof page, name: string) => one.evaluate((name) => {
    const { work } = window.melisma;
    work.commitTake(name, { ...work.take, edits: [...work.take.edits, { op: 'draw', lane: 0, points: [[0.1, 1], [0.4, 1.5]] }] });
  }, name);
  await draw(page, 'By the first');
  await studio.settled();
  const second = await context.newPage();
  let dialled = 0;
  await second.routeWebSocket(/\/ws$/, (socket) => void (dialled++ ? socket.connectToServer() : socket.close()));
  await second.goto(server.address); // whose first call fails
  await second.waitForFunction(() => window.melisma?.work.history.steps.at(-1).name === 'By the first');
  await draw(second, 'By the second');
  await second.waitForFunction(() => window.melisma.studio.saved);
  await expect(page.getByRole('alertdialog', { name: 'In another tab' })).toBeVisible();
  const port = new URL(server.address).port;
  await server.kill();
  await second.close();
  await page.getByRole('button', { name: 'Use it here' }).click();
  await page.waitForFunction(() => window.melisma.studio.status === 'lost');
  await server.start(port);
  await studio.opened();
  expect((await studio.state()).history.slice(-2)).toEqual(['By the first', 'By the second']);
});

test('a snapshot that was kept while there was no server is heard once there is', async ({ studio, page, server }) => {
  const port = new URL(server.address).port;
  await server.kill();
  await page.waitForFunction(() => window.melisma.studio.status === 'lost');
  await page.keyboard.press('s');
  await expect(page.getByLabel('Name of snapshot 1')).toBeVisible();
  await server.start(port);
  await studio.opened();
  await page.getByRole('button', { name: /^Hear cat/ }).click();
  await expect(page.getByRole('button', { name: /^Stop cat/ })).toBeVisible();
});
