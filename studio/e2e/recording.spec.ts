// The microphone: a fake one, which plays a tone.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../playwright.config';
import { findings } from './axe';
import { expect, sine, test, wav } from './fixtures';

const RATE = 48000;
const TONE = 480;
const file = join(mkdtempSync(join(tmpdir(), 'melisma-')), 'tone.wav');
writeFileSync(file, wav(sine(1, TONE, 0.5, RATE), RATE)); // whole periods: it is played over and over

const { args, ...options } = config.use!.launchOptions!;
test.use({ launchOptions: { ...options, args: [...args!, `--use-file-for-fake-audio-capture=${file}`] } });

test('records what the microphone hears, without loss', async ({ studio, page }) => {
  const places = () => page.locator('header.bar > *').evaluateAll((all) => all.map((one) => [one.getBoundingClientRect().x, one.getBoundingClientRect().y]));
  const before = await places();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.waitForFunction(() => window.melisma.sounds.recording?.seconds > 1);
  expect(await places()).toEqual(before); // nothing jumps
  await studio.shot('recording');
  const panel = page.getByRole('group', { name: 'Recording' });
  expect(Number(await panel.getByRole('meter').getAttribute('aria-valuenow'))).toBeGreaterThan(-20); // the tone
  const inked = () => panel.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
    const filled = new Set<number>();
    for (let i = 0; i < width * height; i++) if (data[4 * i] > 200 && data[4 * i + 3] > 100) filled.add(i % width);
    return filled.size;
  });
  const some = await inked();
  expect(some).toBeGreaterThan(50);
  await expect.poll(inked).toBeGreaterThan(some); // the wave grows
  expect(await findings(page)).toEqual([]);
  await page.getByRole('button', { name: /^Stop recording/ }).click();
  await page.waitForFunction(() => window.melisma.work.take.input?.name.startsWith('recording'));
  await studio.settled();
  // the best 100 ms (a busy machine may lose blocks in between): a sine, and next to nothing else
  const rest = await page.evaluate((tone) => {
    const { samples } = window.melisma.received.inputWave;
    const rate = window.melisma.work.model.rate;
    const n = Math.round(rate / 10);
    let best = Infinity;
    for (let at = 0; at + n <= samples.length; at += n / 10) {
      const from = Math.floor(at);
      let [power, a, b] = [0, 0, 0];
      for (let i = 0; i < n; i++) {
        const x = samples[from + i];
        power += x * x;
        a += x * Math.cos((2 * Math.PI * tone * i) / rate);
        b += x * Math.sin((2 * Math.PI * tone * i) / rate);
      }
      if (power / n > 0.01) best = Math.min(best, 1 - (2 * (a * a + b * b)) / (n * power));
    }
    return best;
  }, TONE);
  expect(rest).toBeLessThan(1e-4); // −40 dB and less; a lossy coder leaves more
});

test('a microphone that is refused is told', async ({ studio, page }) => {
  await page.evaluate(() => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('denied', 'NotAllowedError'))));
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('allow it for this page');
  await studio.settled();
});

test('a recording can be thrown away', async ({ studio, page }) => {
  const before = await studio.state();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.waitForFunction(() => window.melisma.sounds.recording?.seconds > 0.3);
  await page.getByRole('button', { name: 'Throw away' }).click();
  await expect(page.getByRole('group', { name: 'Recording' })).toHaveCount(0);
  expect(await studio.state()).toEqual(before);
});

test('a recording that the studio cannot take in stays until it can, and can be downloaded', async ({ studio, page, server }) => {
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.waitForFunction(() => window.melisma.sounds.recording?.seconds > 0.5);
  await server.kill();
  await page.getByRole('button', { name: 'Use it' }).click();
  const panel = page.getByRole('group', { name: 'Recording' });
  await expect(panel.getByText('Recorded')).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent('download'), panel.getByRole('button', { name: 'Download' }).click()]);
  expect(download.suggestedFilename()).toMatch(/^recording .*\.wav$/);
  expect(readFileSync(await download.path()).length).toBeGreaterThan(44 + 4 * 0.5 * RATE * 0.9);
  await server.start(new URL(server.address).port);
  await studio.opened();
  await panel.getByRole('button', { name: 'Use it' }).click();
  await page.waitForFunction(() => window.melisma.work.take.input.name.startsWith('recording'));
  await expect(panel).toHaveCount(0);
  await studio.settled();
});

test('a microphone that is asked for twice before it is there is opened once', async ({ studio, page }) => {
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    const streams: MediaStream[] = ((window as any).streams = []);
    mediaDevices.getUserMedia = async (what) => {
      await new Promise((done) => setTimeout(done, 300)); // as long as one looks for the browser's question
      const stream = await ask(what);
      streams.push(stream);
      return stream;
    };
  });
  await page.getByRole('button', { name: 'Record', exact: true }).dblclick();
  await page.waitForFunction(() => window.melisma.sounds.recording?.seconds > 0.5);
  await page.getByRole('button', { name: 'Throw away' }).click();
  expect(await page.evaluate(() => (window as any).streams.map((one: MediaStream) => one.getTracks()[0].readyState))).toEqual(['ended']);
  await studio.settled();
});
