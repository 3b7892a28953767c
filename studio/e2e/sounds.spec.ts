// Sounds in and out: dropped, recorded, downloaded, dragged, saved and opened; and what is refused.

import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, sine, test, wav } from './fixtures';

test('a sound dropped anywhere is opened', async ({ studio, page }) => {
  const data = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], 'dropped.wav'));
    return transfer;
  }, wav(sine(0.5, 440, 0.3), 22050).toString('base64'));
  await page.getByRole('region', { name: 'Lanes' }).dispatchEvent('dragover', { dataTransfer: data });
  await expect(page.locator('.dragging')).toHaveCount(1);
  await page.getByRole('region', { name: 'Lanes' }).dispatchEvent('drop', { dataTransfer: data });
  await page.waitForFunction(() => window.melisma.work.take.input.name === 'dropped.wav');
  await studio.settled();
  expect(await page.evaluate(() => window.melisma.look.duration)).toBeCloseTo(1, 2); // half as fast, twice as long
  expect((await studio.state()).history.at(-1)).toBe('Opened dropped.wav');
});

test('the result downloads and drags out as WAV, a session saves and opens to the same bits, and renders to them', async ({ studio, page, server }) => {
  await page.keyboard.press('b');
  await studio.drag('Loudness', [[0.2, 0.5], [0.6, 0.2]]);
  await page.getByLabel('Corner B is').selectOption('random');
  await page.getByRole('button', { name: 'A → B' }).click();
  const before = await studio.state();
  const [session] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Control+s')]);
  const [sound] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'WAV' }).click()]);
  const called = 'cat through strings.wav';
  expect(sound.suggestedFilename()).toBe(called);
  const file = join(server.home, session.suggestedFilename());
  await session.saveAs(file);
  await sound.saveAs(join(server.home, 'page.wav'));
  const bytes = readFileSync(join(server.home, 'page.wav'));
  server.melisma('render', file, join(server.home, 'cli.wav'));
  expect(readFileSync(join(server.home, 'cli.wav')).equals(bytes)).toBe(true);
  const dragged = await page.evaluate(() => {
    const event = new DragEvent('dragstart', { dataTransfer: new DataTransfer(), bubbles: true });
    document.getElementById('wav')!.dispatchEvent(event);
    return event.dataTransfer!.getData('DownloadURL');
  });
  const [, kind, name, address] = /^([^:]+):([^:]+):(.*)$/.exec(dragged)!;
  expect([kind, name]).toEqual(['audio/wav', called]);
  expect((await (await page.request.get(address)).body()).equals(bytes)).toBe(true);
  await studio.example('drums');
  expect((await studio.state()).samples).not.toBe(before.samples);
  await studio.load(file);
  expect((await studio.state()).samples).toBe(before.samples);
});

test('what is no sound, and what is too long, gets one sentence, and nothing is lost', async ({ studio, page, server }) => {
  const before = await studio.state();
  const refused = async (name: string, sentence: string | RegExp) => {
    await page.locator('#open').setInputFiles(join(server.home, name));
    await expect(page.getByRole('alert')).toContainText(sentence);
    expect((await studio.state()).samples).toBe(before.samples);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect(page.getByRole('alert')).toHaveCount(0);
  };
  writeFileSync(join(server.home, 'notes.wav'), 'not a sound');
  await refused('notes.wav', 'notes.wav is not audio that can be read');
  writeFileSync(join(server.home, 'torn.melisma-session'), readFileSync(join(server.home, 'models/dark.melisma')).subarray(0, 5000));
  await refused('torn.melisma-session', /torn\.melisma-session is not a session of the studio, or is damaged/);
  const seconds = 7200; // two hours of silence at 8 kHz: a file with a hole
  const long = openSync(join(server.home, 'long.wav'), 'w');
  const head = wav(new Float32Array(0), 8000);
  head.writeUInt32LE(4 * 8000 * seconds, 40);
  head.writeUInt32LE(36 + 4 * 8000 * seconds, 4);
  writeSync(long, head);
  ftruncateSync(long, 44 + 4 * 8000 * seconds);
  closeSync(long);
  await refused('long.wav', /long\.wav is 120 minutes long, and the studio takes 30: cut out/);
  expect(await page.evaluate(() => window.melisma.studio.status)).toBe('open');
});
