// The audio thread's processor, driven block by block as a browser does.

import { beforeAll, expect, test } from 'vitest';

const RATE = 44100;
let Player: new (options: object) => any;

beforeAll(async () => {
  Object.assign(globalThis, { AudioWorkletProcessor: class { port = {}; }, registerProcessor: (_: string, made: typeof Player) => (Player = made) });
  // @ts-expect-error: what runs in the audio thread is JavaScript
  await import('../src/lib/player.worklet.js');
});

function sine(frequency: number, level: number, length = RATE): Float32Array {
  return Float32Array.from({ length }, (_, i) => level * Math.sin((2 * Math.PI * frequency * i) / RATE));
}

function begin(original: Float32Array, result: Float32Array) {
  const control = new Float64Array(8);
  const player = new Player({ processorOptions: { control } });
  player.obey({ sounds: [[original, original], [result, result]], end: original.length });
  const run = (blocks: number) => {
    const all = new Float32Array(128 * blocks);
    for (let n = 0; n < blocks; n++) {
      const out = [new Float32Array(128), new Float32Array(128)];
      player.process([], [out]);
      expect(out[1]).toEqual(out[0]);
      all.set(out[0], 128 * n);
    }
    return all;
  };
  return { player, control, run };
}

const loudest = (x: Float32Array) => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
/** The largest step from sample to sample: what a click is. */
const step = (x: Float32Array) => x.reduce((most, v, i) => (i ? Math.max(most, Math.abs(v - x[i - 1])) : 0), 0);
const SMOOTH = (2 * Math.PI * 220) / RATE; // of a sine of 220 Hz at full scale

test('starts, stops and jumps without a click, and says where it is', () => {
  const { player, control, run } = begin(sine(220, 0.5), sine(220, 0.5));
  expect(loudest(run(4))).toBe(0);
  player.obey({ play: true });
  const sound = run(20);
  expect(loudest(sound)).toBeCloseTo(0.5, 2);
  expect(control[0]).toBe(20 * 128);
  player.obey({ seek: 30000 });
  const jumped = run(20);
  expect(control[0]).toBeGreaterThan(30000);
  player.obey({ play: false });
  const end = run(4);
  for (const x of [sound, jumped, end]) expect(step(x)).toBeLessThan(SMOOTH);
  expect(loudest(run(4))).toBe(0);
  expect(control[1]).toBe(0);
});

test('swaps at the same place, without a gap', () => {
  const { player, control, run } = begin(sine(220, 0.5), sine(220, 0.25));
  player.obey({ play: true });
  run(20);
  player.obey({ wanted: 0 });
  const swapped = run(20);
  expect(control[0]).toBe(40 * 128);
  expect(step(swapped)).toBeLessThan(SMOOTH);
  for (let at = 0; at + 256 < swapped.length; at += 128) expect(loudest(swapped.subarray(at, at + 256))).toBeGreaterThan(0.24);
  expect(loudest(swapped)).toBeCloseTo(0.5, 2);
  player.obey({ gains: [0.5, 1] });
  run(4);
  expect(loudest(run(20))).toBeCloseTo(0.25, 2);
});

test('loops between two places', () => {
  const { player, control, run } = begin(sine(220, 0.5), sine(220, 0.5));
  player.obey({ loop: [1000, 3000], play: true });
  for (let n = 0; n < 60; n++) {
    run(1);
    expect(control[0]).toBeLessThan(3000);
  }
  expect(control[0]).toBeGreaterThanOrEqual(1000);
  expect(control[1]).toBe(1);
});

test('a result that is written under the playhead does not click', () => {
  const result = sine(220, 0.5);
  const { player, run } = begin(sine(220, 0.1), result);
  player.obey({ play: true });
  run(40);
  result.set(sine(220, 0.5).map((x) => -x)); // another edit, of the opposite phase: a step of up to 1
  const changed = run(1);
  result.set(sine(330, 0.5)); // and the next, while it still fades
  const again = run(10);
  expect(step(Float32Array.from([...changed, ...again]))).toBeLessThan(2 * SMOOTH);
  expect(loudest(again.subarray(600))).toBeCloseTo(0.5, 1);
  expect([...again.subarray(1000)]).toEqual([...sine(330, 0.5).subarray(41 * 128 + 1000 - 64, 51 * 128 - 64)].map((x) => Math.fround(x)));
});

test('the limiter holds what is over full scale, and the clip latch says so until it is reset', () => {
  const { player, control, run } = begin(sine(220, 0.9), sine(220, 4));
  player.obey({ wanted: 0, play: true });
  player.share = 0;
  run(100);
  expect(control[3]).toBe(0);
  player.obey({ wanted: 1 });
  const loud = run(100);
  expect(loudest(loud)).toBeLessThanOrEqual(1);
  expect(control[2]).toBeGreaterThan(3.9);
  expect(control[3]).toBe(1);
  player.obey({ wanted: 0 });
  run(100);
  expect(control[3]).toBe(1); // it stays lit
  control[3] = 0; // the page resets it
  run(100);
  expect(control[3]).toBe(0);
});

test('left stays left and right right, and the limiter holds both by one gain', () => {
  const [silent, control] = [new Float32Array(RATE), new Float64Array(8)];
  const player = new Player({ processorOptions: { control } });
  player.obey({ sounds: [[silent, silent], [sine(220, 4), sine(220, 1)]], end: RATE, play: true });
  const out = [new Float32Array(128), new Float32Array(128)];
  for (let n = 0; n < 200; n++) player.process([], [out]);
  expect(loudest(out[0])).toBeGreaterThan(0.3);
  expect(loudest(out[0])).toBeLessThanOrEqual(1);
  for (let i = 0; i < 128; i++) expect(out[1][i]).toBeCloseTo(out[0][i] / 4, 5);
  player.obey({ wanted: 0 });
  for (let n = 0; n < 4; n++) player.process([], [out]);
  expect(loudest(out[0])).toBe(0);
  player.obey({ sounds: [[silent, silent], [silent, sine(220, 0.5)]], wanted: 1 });
  for (let n = 0; n < 8; n++) player.process([], [out]);
  expect(loudest(out[0])).toBe(0);
  expect(loudest(out[1])).toBeGreaterThan(0.05); // the limiter lets go slowly
});

test('panic is silence at once, and what is no number is silence', () => {
  const broken = sine(220, 0.5).fill(NaN, 0, 3000);
  const { player, run } = begin(sine(220, 0.5), broken);
  player.obey({ play: true });
  expect(run(30).every(Number.isFinite)).toBe(true);
  player.obey({ panic: true });
  expect(loudest(run(1))).toBe(0);
});
