// How fast the studio is, in a real browser against a real server; the last line is JSON. From studio/: `npm run bench`.
//
// first_sound: from `melisma studio` to the first samples of a result in the page, with the examples' cat.
// edit_1s, edit_30s: from an edit of the whole path to the first samples in the page, and to the last, the median of 7.
// frames: frames a second while ten minutes are scrolled, zoomed and a knob is dragged over 5 seconds each.

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const python = process.env.MELISMA_PYTHON ?? [join(root, '.venv/bin/python')].find(existsSync) ?? 'python3';
const env = { ...process.env, MELISMA_HOME: mkdtempSync(join(tmpdir(), 'melisma-')), PYTHONPATH: join(root, 'src'), OMP_NUM_THREADS: '1' };
const flags = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A chirping tone of so many seconds, as a WAV file. */
function tone(seconds, rate = 44100) {
  const data = Buffer.alloc(44 + 2 * seconds * rate);
  data.write('RIFF', 0); data.writeUInt32LE(data.length - 8, 4); data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16); data.writeUInt16LE(1, 20); data.writeUInt16LE(1, 22); data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(2 * rate, 28); data.writeUInt16LE(2, 32); data.writeUInt16LE(16, 34); data.write('data', 36);
  data.writeUInt32LE(2 * seconds * rate, 40);
  for (let i = 0; i < seconds * rate; i++) {
    const t = i / rate;
    data.writeInt16LE(Math.round(8000 * Math.sin(2 * Math.PI * (200 * t + 30 * Math.sin(t))) * (0.5 + 0.5 * Math.sin(5 * t))), 44 + 2 * i);
  }
  return data;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
const page = await browser.newPage({ viewport: { width: 1560, height: 940 } });
const begun = performance.now();
const server = spawn(python, ['-m', 'melisma.cli', 'studio', '--no-browser', '--port', '0'], { env });
let address = '';
for await (const line of createInterface({ input: server.stdout })) if (line.startsWith('http://')) { address = line; break; }
await page.goto(address);
await page.waitForFunction(() => window.melisma?.resultWave && window.melisma.done > 0, undefined, { timeout: 60_000 });
const result = { first_sound_s: (performance.now() - begun) / 1000 };

const settled = () => page.waitForFunction(() => !melisma.stale && melisma.done === 1 && melisma.saved && !melisma.loading, undefined, { timeout: 120_000 });

async function load(seconds) {
  const file = join(env.MELISMA_HOME, `${seconds}.wav`);
  writeFileSync(file, tone(seconds));
  await page.locator('#open').setInputFiles(file);
  await page.waitForFunction((name) => melisma.take.input?.name === name, `${seconds}.wav`, { timeout: 120_000 });
  await settled();
}

async function edits() {
  const times = [];
  for (let n = 0; n < 7; n++) {
    times.push(await page.evaluate((by) => new Promise((done) => {
      const receive = melisma.receiveSamples;
      let first = 0;
      const start = performance.now();
      melisma.receiveSamples = function (header, part) {
        receive.call(this, header, part);
        first ||= performance.now() - start;
        if (header.first + part.length === header.total) {
          delete melisma.receiveSamples;
          done([first, performance.now() - start]);
        }
      };
      const { take } = melisma.session;
      melisma.preview({ ...take, edits: [{ op: 'operate', operator: 'bias', values: { by }, on: { lanes: null, loudness: false, start: null, end: null } }] });
    }), 0.1 * (n + 1)));
    await page.waitForTimeout(200);
  }
  const median = (k) => times.map((t) => t[k]).sort((a, b) => a - b)[3];
  return { first_ms: median(0), last_ms: median(1) };
}

/** Frames a second while `step` is done at every frame for 5 seconds. */
const frames = (step) => page.evaluate((code) => new Promise((done) => {
  const work = new Function('n', code);
  let n = 0;
  const start = performance.now();
  const tick = () => {
    work(n++);
    if (performance.now() - start < 5000) requestAnimationFrame(tick);
    else done((1000 * n) / (performance.now() - start));
  };
  requestAnimationFrame(tick);
}), step);

for (const seconds of [1, 30]) {
  await load(seconds);
  result[`edit_${seconds}s`] = await edits();
}
await load(600);
result.frames = {
  zoom: await frames('melisma.zoom(n % 120 < 60 ? 1.08 : 1 / 1.08)'),
  scroll: await frames('n || melisma.zoom(20); melisma.pan(0.5)'),
  drag: await frames('melisma.select({ start: 1, end: 2 + n / 10 }); melisma.seek(n / 10)'),
};
console.log(JSON.stringify(result));
await browser.close();
server.kill();
process.exit(0);
