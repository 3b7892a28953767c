// The pictures and sounds of the documentation, made by the studio itself, in a browser that nobody looks at:
//
//     node studio/pictures.mjs [NAME …]      (from the checkout; python is $MELISMA_PYTHON or python3)
//
// They go to docs/images: studio*.png, lesson-1 … lesson-5 as .png and .flac, and the film strip, film-PAGE-WIDTH.webp. The
// pages must be built (python studio/build.py, hosts/web/build.py); the page of sounds is made by `melisma demo`, which takes minutes,
// or is the one in the folder $MELISMA_DEMO.

import { chromium } from '@playwright/test';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(import.meta.dirname, '..');
const IMAGES = join(ROOT, 'docs/images');
const python = process.env.MELISMA_PYTHON ?? 'python3';
const env = { ...process.env, MELISMA_HOME: mkdtempSync(join(tmpdir(), 'melisma-')), PYTHONPATH: join(ROOT, 'src') };
const wanted = process.argv.slice(2);

const server = spawn(python, ['-m', 'melisma', 'studio', '--no-browser', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
let address = '';
for await (const line of createInterface({ input: server.stdout })) if (line.startsWith('http://')) { address = line; break; }
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
});
let first = true;

/** A page of that size with an example in it, nothing done to it yet. */
async function studio(width, height, example = 'cat', domain = 1) {
  const page = await browser.newPage({ viewport: { width, height }, hasTouch: width < 600 });
  await page.addInitScript(() => localStorage.setItem('melisma-hints', 'seen'));
  await page.goto(first ? address : new URL('/', address).href + `?${new URL(address).searchParams}`);
  first = false;
  await settled(page);
  await page.evaluate((name) => window.melisma.sounds.openExample(name), example);
  await page.waitForFunction((name) => window.melisma.work.session.take.input?.name.startsWith(name), example);
  await settled(page);
  await change(page, { domain, colour: 1 - domain });
  await page.waitForFunction(() => window.melisma.look.turn(2) !== undefined && document.querySelectorAll('.picture canvas').length > 3);
  await page.waitForTimeout(2500); // what each latent does has been measured
  return page;
}

async function settled(page) {
  await page.waitForFunction(() => {
    const { notices, received, studio } = window.melisma ?? {};
    return studio?.status === 'open' && received.inputWave && received.resultWave && !received.stale && received.done === 1 && studio.saved && !notices.loading;
  }, undefined, { timeout: 120_000 });
}

/** Make the take another. */
async function change(page, part) {
  await page.evaluate((part) => {
    const { work } = window.melisma;
    work.commitTake('Made for a picture', { ...work.session.take, ...part });
  }, part);
  await settled(page);
}

async function drag(page, lane, way) {
  const box = await page.getByRole('slider', { name: `${lane}, curve` }).boundingBox();
  const at = ([x, y]) => [box.x + x * (box.width - 12), box.y + y * box.height];
  await page.mouse.move(...at(way[0]));
  await page.mouse.down();
  for (const point of way.slice(1)) await page.mouse.move(...at(point), { steps: 12 });
  await page.mouse.up();
  await settled(page);
}

/** One latent drawn by hand, as far as its lane's own curves go. */
async function drawn(page) {
  await page.keyboard.press('b');
  await drag(page, 'Latent 1', [[0.08, 0.58], [0.3, 0.4], [0.5, 0.62], [0.72, 0.36], [0.95, 0.52]]);
  await page.keyboard.press('v');
  await page.evaluate(() => document.activeElement.blur());
}

const show = (page, panel) => page.getByRole('navigation', { name: 'Panel' }).getByRole('button', { name: panel }).click();

/** Its result as a FLAC file. */
async function sound(page, name) {
  const bytes = await page.evaluate(async () => [...new Uint8Array(await (await fetch('/api/take/lesson.wav')).arrayBuffer())]);
  const code = 'import io, sys, soundfile; data, rate = soundfile.read(io.BytesIO(sys.stdin.buffer.read())); soundfile.write(sys.argv[1], data, rate, "PCM_16")';
  const done = spawnSync(python, ['-c', code, join(IMAGES, `${name}.flac`)], { input: Buffer.from(bytes), env });
  if (done.status) throw new Error(String(done.stderr));
}

/** The page of sounds and, within it, the page that plays. */
function demo() {
  const folder = resolve(process.env.MELISMA_DEMO ?? join(env.MELISMA_HOME, 'demo'));
  if (!existsSync(join(folder, 'index.html'))) spawnSync(python, ['-m', 'melisma', 'demo', '--out', folder], { env, stdio: 'inherit' });
  return (file) => pathToFileURL(join(folder, file)).href;
}

async function sized(width, address) {
  const page = await browser.newPage({ viewport: { width, height: HEIGHTS[width] }, hasTouch: width < 600 });
  await page.goto(address);
  return page;
}

/** The page that plays, not playing: it shows what would be heard. The dot is half way to the voice. */
async function web(width) {
  const page = await sized(width, demo()('play/index.html'));
  await page.waitForFunction(() => melisma.square.places.every(Boolean) && melisma.stage.filled === melisma.stage.length, undefined, { timeout: 120_000 });
  await page.evaluate(() => melisma.square.to(0.55, 0.4));
  await page.waitForTimeout(5000);
  return page;
}

async function film(page, name) {
  await page.mouse.move(2, 2);
  await page.waitForTimeout(600);
  const code = 'import io, sys; from PIL import Image; Image.open(io.BytesIO(sys.stdin.buffer.read())).save(sys.argv[1], quality=82, method=6)';
  const done = spawnSync(python, ['-c', code, join(IMAGES, `film-${name}.webp`)], { input: await page.screenshot(), env });
  if (done.status) throw new Error(String(done.stderr));
  await page.close();
}

async function picture(page, name, clip) {
  await page.mouse.move(2, 2);
  await page.waitForTimeout(400);
  writeFileSync(join(IMAGES, `${name}.png`), await page.screenshot({ clip }));
  await page.close();
}

const [WIDE, HIGH] = [1400, 880];
const HEIGHTS = { 1400: 880, 1024: 700, 420: 860 };
const WAY = Array.from({ length: 40 }, (_, i) => [0.055 * i, 0.5 + 0.3 * Math.cos(i / 6.2), 0.55 + 0.25 * Math.sin(i / 3.1)]);

/** What the film strip shows of each page, at one width. */
const FILM = {
  async sounds(width) {
    const page = await sized(width, demo()('index.html'));
    await page.waitForTimeout(1500);
    return page;
  },
  async studio(width) {
    const page = await studio(width, HEIGHTS[width]);
    if (width > 600) await drawn(page);
    return page;
  },
  async map(width) {
    const page = await studio(width, HEIGHTS[width]);
    await change(page, { map: { on: true, puck: { points: WAY, loop: true, speed: 1 }, acts: 'all' } });
    await (width < 1100 ? page.getByRole('navigation', { name: 'Drawer' }).getByRole('button', { name: 'Map' }).click() : show(page, 'Map'));
    await page.evaluate(() => window.melisma.transport.seek(0.9));
    return page;
  },
  web,
};

const MADE = {
  async studio() {
    const page = await studio(WIDE, HIGH);
    await drawn(page);
    await picture(page, 'studio');
  },
  async 'studio-draw'() {
    const page = await studio(WIDE, HIGH, 'cat', 0);
    await page.keyboard.press('n');
    await drag(page, 'Latent 1', [[0.15, 0.7], [0.35, 0.25]]);
    await drag(page, 'Latent 1', [[0.5, 0.3], [0.7, 0.7]]);
    await page.keyboard.press('v');
    await drag(page, 'Latent 1', [[0.1, 0.95], [0.75, 0.95]]);
    await picture(page, 'studio-draw', { x: 0, y: 82, width: 1075, height: 500 });
  },
  async 'studio-square'() {
    const page = await studio(WIDE, HIGH);
    await change(page, { square: { on: true, corners: [null, { kind: 'random', seed: 7 }, null, null], puck: { points: [[0, 0, 0], [2.22, 1, 0]], loop: false, speed: 1 }, acts: 'latents' } });
    await show(page, 'Square');
    await page.evaluate(() => window.melisma.transport.seek(1.1));
    await picture(page, 'studio-square');
  },
  async 'studio-map'() {
    const page = await studio(WIDE, HIGH);
    await change(page, { map: { on: true, puck: { points: WAY, loop: true, speed: 1 }, acts: 'all' } });
    await show(page, 'Map');
    await page.evaluate(() => window.melisma.transport.seek(0.9));
    await picture(page, 'studio-map');
  },
  async 'studio-phone'() {
    const page = await studio(420, 860);
    await page.getByRole('navigation', { name: 'Drawer' }).getByRole('button', { name: 'Map' }).click();
    await picture(page, 'studio-phone');
  },
  async 'lesson-1'() {
    const page = await studio(WIDE, HIGH, 'cat', 0);
    await sound(page, 'lesson-1');
    await picture(page, 'lesson-1', { x: 0, y: 82, width: 1075, height: 768 });
  },
  async 'lesson-2'() {
    const page = await studio(WIDE, HIGH, 'cat', 0);
    await page.keyboard.press('n');
    await drag(page, 'Latent 1', [[0.02, 0.85], [0.97, 0.2]]);
    await page.keyboard.press('v');
    await sound(page, 'lesson-2');
    await picture(page, 'lesson-2', { x: 0, y: 82, width: 1075, height: 768 });
  },
  async 'lesson-3'() {
    const page = await studio(WIDE, HIGH);
    await sound(page, 'lesson-3');
    await picture(page, 'lesson-3', { x: 0, y: 40, width: 1075, height: 810 });
  },
  async 'lesson-4'() {
    const page = await studio(WIDE, HIGH, 'cat', 0);
    const bell = await page.evaluate(async () => (await (await fetch('/api/examples/bell', { method: 'POST' })).json()).sound);
    await change(page, { square: { on: true, corners: [null, { kind: 'sound', sound: bell }, null, null], puck: { points: [[0, 0, 0], [2.22, 1, 0]], loop: false, speed: 1 }, acts: 'both' } });
    await show(page, 'Square');
    await page.evaluate(() => window.melisma.transport.seek(1.1));
    await sound(page, 'lesson-4');
    await picture(page, 'lesson-4');
  },
  async 'lesson-5'() {
    const page = await studio(WIDE, HIGH);
    const points = Array.from({ length: 24 }, (_, i) => [0.095 * i, 0.2 + 0.025 * i, 0.75 - 0.4 * Math.sin(i / 7.5)]);
    await change(page, { map: { on: true, puck: { points, loop: false, speed: 1 }, acts: 'all' } });
    await show(page, 'Map');
    await page.evaluate(() => window.melisma.transport.seek(1.3));
    await sound(page, 'lesson-5');
    await picture(page, 'lesson-5');
  },
};

for (const [name, make] of Object.entries(FILM))
  for (const width of Object.keys(HEIGHTS).map(Number)) MADE[`film-${name}-${width}`] = async () => film(await make(width), `${name}-${width}`);
for (const [name, make] of Object.entries(MADE))
  if (!wanted.length || wanted.includes(name)) {
    await make();
    console.log(name);
  }
await browser.close();
server.kill('SIGTERM');
