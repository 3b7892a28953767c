// A real server with real models for all tests, and a page that has an example open.

import { test as base, expect, type Page } from '@playwright/test';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');
const PYTHON = process.env.MELISMA_PYTHON ?? [join(ROOT, '.venv/bin/python')].find(existsSync) ?? 'python3';

declare global {
  interface Window {
    melisma: any; // what main.ts leaves there: look, notices, received, sounds, studio, transport, work
  }
}

export class Server {
  readonly home = mkdtempSync(join(tmpdir(), 'melisma-'));
  address = '';
  osc = 0; // its UDP port, where it was started with --osc
  private process: ChildProcess | null = null;

  private get env() {
    return { ...process.env, MELISMA_HOME: this.home, PYTHONPATH: join(ROOT, 'src'), OMP_NUM_THREADS: '1' };
  }

  /** Run `melisma …` to its end. → what it printed. */
  melisma(...args: string[]): string {
    const done = spawnSync(PYTHON, ['-m', 'melisma', ...args], { env: this.env, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout;
  }

  /** Another model: the strings with a darker decoder. A model file is a safetensors file (docs/reference/model-file.md). */
  anotherModel(): void {
    const data = readFileSync(join(ROOT, 'models/strings.melisma'));
    const length = Number(data.readBigUInt64LE(0));
    const header = JSON.parse(data.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: [number, number]; dtype: string }>;
    const name = Object.keys(header).filter((key) => /^model\.decoder\.\d+\.conv\.bias$/.test(key)).sort().at(-1)!;
    const [begin, end] = header[name].data_offsets;
    for (let at = begin; at < end; at += 4) {
      const place = 8 + length + at;
      data.writeFloatLE(data.readFloatLE(place) - (0.4 * (at - begin)) / (end - begin), place);
    }
    mkdirSync(join(this.home, 'models'), { recursive: true });
    writeFileSync(join(this.home, 'models/dark.melisma'), data);
  }

  async start(port = '0', ...options: string[]): Promise<void> {
    const child = (this.process = spawn(PYTHON, ['-m', 'melisma', 'studio', '--no-browser', '--port', port, ...options], { env: this.env }));
    let errors = '';
    child.stderr!.on('data', (text) => (errors += text));
    for await (const line of createInterface({ input: child.stdout! }))
      if (line.startsWith('OSC ')) this.osc = Number(line.match(/port (\d+)/)![1]);
      else if (line.startsWith('http://')) return void (this.address = line);
    throw new Error(`the studio did not start: ${errors}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const gone = new Promise((done) => this.process!.once('exit', done));
    this.process!.kill(signal);
    await gone;
  }
}

/** A WAV file of one channel of 32-bit floats. */
export function wav(samples: Float32Array, rate = 44100): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0); head.writeUInt32LE(36 + data.length, 4); head.write('WAVEfmt ', 8); head.writeUInt32LE(16, 16);
  head.writeUInt16LE(3, 20); head.writeUInt16LE(1, 22); head.writeUInt32LE(rate, 24); head.writeUInt32LE(4 * rate, 28);
  head.writeUInt16LE(4, 32); head.writeUInt16LE(32, 34); head.write('data', 36); head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

export const sine = (seconds: number, frequency: number, level: number, rate = 44100) =>
  Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => level * Math.sin((2 * Math.PI * frequency * i) / rate));

export interface State { samples: string; edits: number; history: string[]; at: number; model: string }

/** The page, with what tests ask of it. */
export class Studio {
  constructor(readonly page: Page, readonly server: Server) {}

  async open(example = 'cat'): Promise<void> {
    await this.page.addInitScript(() => localStorage.setItem('melisma-hints', 'seen')); // help.spec.ts looks at them
    await this.page.goto(this.server.address);
    await this.opened();
    // the server, and so the session, is that of the tests before: an example keeps their model and snapshots
    await this.afterAStep(() => this.page.evaluate(() => {
      const { work } = window.melisma;
      work.commit('Begun', { ...work.session, snapshots: [], take: { ...work.session.take, model: 'strings' } });
    }));
    await this.example(example);
  }

  /** Wait until the page has been greeted and shows what it was given. */
  async opened(): Promise<void> {
    await this.page.waitForFunction(() => window.melisma?.studio.status === 'open');
    await this.settled();
  }

  /** Open a file as if it had been chosen. */
  async load(file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    await this.afterAStep(() => this.page.locator('#open').setInputFiles(file));
  }

  async example(name: string): Promise<void> {
    await this.afterAStep(() => this.page.evaluate((one) => window.melisma.sounds.openExample(one), name));
  }

  /** Nothing of the domain: what is read of the sound is not moved. */
  async original(): Promise<void> {
    await this.afterAStep(() => this.page.getByRole('button', { name: 'original', exact: true }).click());
  }

  /** Do it, and wait until it stands in the history and all that follows from it is there. */
  private async afterAStep(act: () => Promise<unknown>): Promise<void> {
    // not the number of steps: after an undo a new one takes the place of those that were undone
    const before = await this.page.evaluateHandle(() => window.melisma.work.history);
    await act();
    await this.page.waitForFunction((history) => window.melisma.work.history !== history, before);
    await this.settled();
  }

  /** The points of all drawings. */
  points(): Promise<[number, number][]> {
    return this.page.evaluate(() => window.melisma.work.take.edits.flatMap((edit: any) => edit.points ?? []));
  }

  /** Where a time and a value lie in a lane, as shares of its width and height. */
  place(lane: number | 'loudness', t: number, v: number): Promise<[number, number]> {
    return this.page.evaluate(([lane, t, v]) => {
      const { look } = window.melisma;
      const [low, high] = look.scale(lane);
      return [(t - look.view.t0) / (look.view.t1 - look.view.t0), (high - v) / (high - low)];
    }, [lane, t, v] as [number | 'loudness', number, number]) as Promise<[number, number]>;
  }

  view(): Promise<{ t0: number; t1: number }> {
    return this.page.evaluate(() => window.melisma.look.view);
  }

  playing(): Promise<boolean> {
    return this.page.evaluate(() => window.melisma.transport.playing);
  }

  time(): Promise<number> {
    return this.page.evaluate(() => window.melisma.transport.player.time);
  }

  /** Go there, and wait until the page knows: it asks the player once a frame. */
  async seek(seconds: number): Promise<void> {
    await this.page.evaluate((to) => window.melisma.transport.seek(to), seconds);
    await expect.poll(() => this.page.evaluate(() => window.melisma.transport.time)).toBeCloseTo(seconds, 2);
  }

  /** Wait until the sound of what is shown has all arrived. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { notices, received, studio } = window.melisma;
      return received.inputWave && received.resultWave && !received.stale && received.done === 1 && studio.saved && !notices.loading;
    }, undefined, { timeout: 90_000 });
  }

  /** What is there; `samples` is a fingerprint of the result. */
  async state(): Promise<State> {
    await this.settled();
    return this.page.evaluate(async () => {
      const { received, work } = window.melisma;
      const digest = await crypto.subtle.digest('SHA-256', new Float32Array(received.resultWave.samples));
      return {
        samples: [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
        edits: work.take.edits.length, model: work.take.model, at: work.history.at,
        history: work.history.steps.map((step: { name: string }) => step.name),
      };
    });
  }

  lane(name: string) {
    return this.page.getByRole('slider', { name: `${name}, curve`, exact: true });
  }

  private width(box: { width: number }): number {
    return box.width - 12; // the room beside the lanes
  }

  /** Where in the window a place in a lane is. */
  async at(name: string, [x, y]: [number, number]): Promise<[number, number]> {
    const box = (await this.lane(name).boundingBox())!;
    return [box.x + x * this.width(box), box.y + y * box.height];
  }

  /** Drag in a lane over points given as shares of its width and height. */
  async drag(name: string, way: [number, number][], options: { steps?: number } = {}): Promise<void> {
    await this.page.mouse.move(...(await this.at(name, way[0])));
    await this.page.mouse.down();
    for (const point of way.slice(1)) await this.page.mouse.move(...(await this.at(name, point)), { steps: options.steps ?? 6 });
    await this.page.mouse.up();
  }

  async shot(name: string): Promise<void> {
    if (process.env.SHOTS) await this.page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
  }
}

export const test = base.extend<{ studio: Studio }, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = new Server();
      server.anotherModel();
      await server.start();
      await use(server);
      await server.kill('SIGTERM');
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  studio: async ({ page, server }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const studio = new Studio(page, server);
    await studio.open();
    await use(studio);
    expect(errors).toEqual([]);
  },
});

export { expect };
