// A real server with real models for all tests, and a page that has an example open.

import { test as base, expect, type Page } from '@playwright/test';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');
const PYTHON = process.env.MELISMA_PYTHON ?? [join(ROOT, '.venv/bin/python')].find(existsSync) ?? 'python3';

export class Server {
  readonly home = mkdtempSync(join(tmpdir(), 'melisma-'));
  address = '';
  private process: ChildProcess | null = null;

  private get env() {
    return { ...process.env, MELISMA_HOME: this.home, PYTHONPATH: join(ROOT, 'src'), OMP_NUM_THREADS: '1' };
  }

  /** Run `melisma …` to its end. → what it printed. */
  melisma(...args: string[]): string {
    const done = spawnSync(PYTHON, ['-m', 'melisma.cli', ...args], { env: this.env, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout;
  }

  /** Another model: the strings with a darker decoder. A model file is a safetensors file (docs/modelfile.md). */
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

  async start(port = '0'): Promise<void> {
    const child = (this.process = spawn(PYTHON, ['-m', 'melisma.cli', 'studio', '--no-browser', '--port', port], { env: this.env }));
    let errors = '';
    child.stderr!.on('data', (text) => (errors += text));
    for await (const line of createInterface({ input: child.stdout! }))
      if (line.startsWith('http://')) return void (this.address = line);
    throw new Error(`the studio did not start: ${errors}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const gone = new Promise((done) => this.process!.once('exit', done));
    this.process!.kill(signal);
    await gone;
  }
}

export interface State { samples: string; edits: number; history: string[]; at: number; model: string }

/** The page, with what tests ask of it. */
export class Studio {
  constructor(readonly page: Page, readonly server: Server) {}

  async open(example = 'cat'): Promise<void> {
    await this.page.goto(this.server.address);
    await this.page.waitForFunction(() => (window as any).melisma?.status === 'open');
    await this.settled();
    await this.page.evaluate((name) => (window as any).melisma.openExample(name), example);
    await this.settled();
  }

  /** Wait until the sound of what is shown has all arrived. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { melisma } = window as any;
      return melisma.inputWave && melisma.resultWave && !melisma.stale && melisma.done === 1 && melisma.saved && !melisma.loading;
    }, undefined, { timeout: 90_000 });
  }

  /** What is there; `samples` is a fingerprint of the result. */
  async state(): Promise<State> {
    await this.settled();
    return this.page.evaluate(async () => {
      const { melisma } = window as any;
      const digest = await crypto.subtle.digest('SHA-256', new Float32Array(melisma.resultWave.samples));
      return {
        samples: [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
        edits: melisma.take.edits.length, model: melisma.take.model, at: melisma.history.at,
        history: melisma.history.steps.map((step: { name: string }) => step.name),
      };
    });
  }

  lane(name: string) {
    return this.page.getByRole('slider', { name: `${name}, curve`, exact: true });
  }

  /** Drag in a lane over points given as shares of its width and height. */
  async drag(name: string, way: [number, number][], options: { steps?: number } = {}): Promise<void> {
    const box = (await this.lane(name).boundingBox())!;
    const at = ([x, y]: [number, number]) => [box.x + x * (box.width - 12), box.y + y * box.height] as const;
    await this.page.mouse.move(...at(way[0]));
    await this.page.mouse.down();
    for (const point of way.slice(1)) await this.page.mouse.move(...at(point), { steps: options.steps ?? 6 });
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
