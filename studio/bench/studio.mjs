// How fast the studio is, in a real browser against a real server; the last line is JSON. From studio/: `npm run bench`.
// `npm run bench -- SECONDS` takes another length than ten minutes for the long sound, for a look while a machine is busy.
//
// first_sound_s: from `melisma studio` to the first samples of a result in the page, with the examples' cat; started once before.
// edit_…: from an edit to the first samples at its place in the page (heard_ms), and to the last of all (all_ms): the median of
// 7, and the best, which other work on the machine spoils least. Of the whole path of 1 s and 30 s; of the last second of 30 s
// and of ten minutes.
// frames: frames a second while ten minutes are zoomed, scrolled, a selection and the playhead dragged, and a lane drawn in, over
// 5 seconds each; `idle` is what the browser does with nothing to do.
// times_real: seconds of sound that are rendered in a second, of ten minutes. load: the machine's, at the beginning and the end.

import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
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

const serve = () => spawn(python, ['-m', 'melisma', 'studio', '--no-browser', '--port', '0'], { env });
async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) if (line.startsWith('http://')) return line;
}

const LONG = Number(process.argv[2] ?? 600);
const result = { load: [loadavg()[0]] };
const warm = serve();
await addressOf(warm);
warm.kill('SIGKILL');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
const page = await browser.newPage({ viewport: { width: 1560, height: 940 } });
const begun = performance.now();
const server = serve();
await page.goto(await addressOf(server));
await page.waitForFunction(() => window.melisma?.received.resultWave && window.melisma.received.done > 0, undefined, { timeout: 120_000 });
result.first_sound_s = (performance.now() - begun) / 1000;

const settled = () => page.waitForFunction(() => {
  const { notices, received, studio } = melisma;
  return !received.stale && received.done === 1 && studio.saved && !notices.loading;
}, undefined, { timeout: 300_000 });

async function load(seconds) {
  const file = join(env.MELISMA_HOME, `${seconds}.wav`);
  writeFileSync(file, tone(seconds));
  await page.locator('#open').setInputFiles(file);
  await page.waitForFunction((name) => melisma.work.take.input?.name === name, `${seconds}.wav`, { timeout: 300_000 });
  await settled();
}

/** Bias everything from `start` (null: all of it) to the end, 7 times by another amount. */
async function edits(start) {
  const times = [];
  for (let n = 0; n < 7; n++) {
    times.push(await page.evaluate(([start, by]) => new Promise((done) => {
      const { received, work } = melisma;
      const take = received.take;
      const place = (start ?? 0) * work.model.rate;
      const begun = performance.now();
      let heard = 0;
      received.take = function (header, body) {
        take.call(received, header, body);
        if (header.type !== 'samples' || header.revision !== received.revision) return;
        const end = header.first + body.byteLength / 4;
        if (header.first <= place && end > place) heard ||= performance.now() - begun;
        if (header.exact && end === header.total) {
          delete received.take;
          done([heard, performance.now() - begun]);
        }
      };
      const on = { lanes: null, loudness: false, start, end: null };
      work.preview({ ...work.session.take, edits: [{ op: 'operate', operator: 'bias', values: { by }, on }] });
    }), [start, 0.1 * (n + 1)]));
    await page.waitForTimeout(200);
  }
  await page.evaluate(() => melisma.work.drop());
  await settled();
  const of = (k) => times.map((t) => t[k]).sort((a, b) => a - b);
  return { heard_ms: of(0)[3], heard_best_ms: of(0)[0], all_ms: of(1)[3], all_best_ms: of(1)[0] };
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
  result[`edit_${seconds}s`] = await edits(null);
}
result.edit_30s_end = await edits(29);
await load(LONG);
const late = (result[`edit_${LONG}s_end`] = await edits(LONG - 1));
result.times_real = (1000 * LONG) / late.all_best_ms;
result.frames = {
  idle: await frames(''),
  zoom: await frames('melisma.look.zoom(n % 120 < 60 ? 1.08 : 1 / 1.08)'),
  scroll: await frames('n || melisma.look.zoom(20); melisma.look.pan(0.5)'),
  drag: await frames('melisma.look.select({ start: 1, end: 2 + n / 10 }); melisma.transport.seek(n / 10)'),
  draw: await frames(`const { look, work } = melisma; n || look.fitSelection();
    work.preview({ ...work.session.take, edits: [{ op: 'draw', lane: 0, points: [[10, 0], [20, Math.sin(n / 10)]] }] })`),
};
result.load.push(loadavg()[0]);
for (const [name, value] of Object.entries(result)) console.log(name.padEnd(16), JSON.stringify(value, (_, v) => (typeof v === 'number' ? Number(v.toPrecision(3)) : v)));
console.log(JSON.stringify(result));
await browser.close();
server.kill();
process.exit(0);
