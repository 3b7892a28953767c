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
    const [alert, lanes] = [(await page.getByRole('alert').boundingBox())!, (await page.getByRole('region', { name: 'Lanes' }).boundingBox())!];
    expect(alert.y).toBeLessThan(lanes.y + lanes.height / 3); // where one looks
    expect(alert.x + alert.width).toBeLessThan(lanes.x + lanes.width);
    expect((await studio.state()).samples).toBe(before.samples);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect(page.getByRole('alert')).toHaveCount(0);
  };
  writeFileSync(join(server.home, 'notes.wav'), 'not a sound');
  writeFileSync(join(server.home, 'notes.m4a'), 'not a sound');
  await refused('notes.m4a', 'notes.m4a is not audio that can be read');
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
  await refused('long.wav', /long\.wav is longer than 30 minutes: cut out/);
  expect(await page.evaluate(() => window.melisma.studio.status)).toBe('open');
});

test('what only the browser can decode is decoded by it', async ({ studio, page }) => {
  const webm = await page.evaluate(async () => {
    const context = new AudioContext();
    const [tone, out] = [context.createOscillator(), context.createMediaStreamDestination()];
    tone.frequency.value = 330;
    tone.connect(out);
    tone.start();
    const recorder = new MediaRecorder(out.stream, { mimeType: 'audio/webm' });
    const pieces: Blob[] = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    recorder.start();
    await new Promise((done) => setTimeout(done, 1200));
    recorder.stop();
    await new Promise((done) => (recorder.onstop = done));
    return Array.from(new Uint8Array(await new Blob(pieces).arrayBuffer()));
  });
  await page.route('**/api/sounds', async (route) => {
    // a server without the optional reader of such files
    if (route.request().postDataBuffer()?.readUInt32BE(0) !== 0x1a45dfa3) return route.continue();
    await route.fulfill({ status: 400, json: { message: 'clip.webm is not audio that can be read' } });
  });
  await studio.load({ name: 'clip.webm', mimeType: 'audio/webm', buffer: Buffer.from(webm) });
  expect(await page.evaluate(() => window.melisma.work.take.input.name)).toBe('clip.webm');
  expect(await page.evaluate(() => window.melisma.received.inputWave.samples.some((x: number) => Math.abs(x) > 0.1))).toBe(true);
  await expect(page.getByText('clip.webm was decoded by the browser')).toBeVisible();
});

test('a sound of a low rate asks at which rate the result goes out', async ({ studio, page }) => {
  await studio.load({ name: 'phone.wav', mimeType: 'audio/wav', buffer: wav(sine(1, 300, 0.3, 8000), 8000) });
  const rates: number[] = [];
  for (const name of [/^44\.1 kHz/, /^8 kHz, as it came/]) {
    await page.getByRole('button', { name: /^WAV/ }).click();
    await expect(page.getByRole('group', { name: /At which rate/ })).toContainText('phone.wav came at 8 kHz');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
    rates.push(readFileSync((await download.path())!).readUInt32LE(24));
    await expect(page.getByRole('group', { name: /At which rate/ })).toHaveCount(0);
  }
  expect(rates).toEqual([44100, 8000]);
});

test('the empty studio is not shown before it is known to be empty', async ({ studio, page }) => {
  await page.addInitScript(() => {
    (window as any).flashes = 0;
    new MutationObserver(() => document.querySelector('.empty h2') && (window as any).flashes++).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  await studio.opened();
  expect(await page.evaluate(() => (window as any).flashes)).toBe(0);
});
