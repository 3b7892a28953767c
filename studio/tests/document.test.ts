import { expect, test } from 'vitest';
import { puckAt, shares, simplify, Stroke, thinned, valueAt, Peaks } from '../src/lib/curves';
import * as doc from '../src/lib/document';
import * as history from '../src/lib/history';
import { frequencyAt, height, inHertz } from '../src/lib/height';
import type { Session } from '../src/lib/protocol';
import * as views from '../src/lib/view';
import documents from './documents.json';

const take = doc.newTake('small', { hash: 'a'.repeat(64), name: 'a.wav' });
const flat = () => 0;
const random = (seed: number) => () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);

test('the documents that the server reads are the page\'s', () => {
  for (const session of documents as unknown as Session[]) {
    expect(session.format).toBe(1);
    expect(session.take.square.corners).toHaveLength(4);
    for (const edit of session.take.edits) expect(['draw', 'operate', 'revert']).toContain(edit.op);
  }
  expect(documents[0]).toEqual(doc.newSession('strings'));
});

test('a new sound is heard in the domain, and a match leaves the colour to the domain', () => {
  expect(take).toMatchObject({ fine: 1, colour: 0, domain: 1 });
  const original = doc.inDomain(take, 0);
  expect(original).toMatchObject({ fine: 1, colour: 1, domain: 0 });
  const on = doc.target('latents', null);
  const matched = doc.operate(original, 'match', { by: 1 }, on);
  expect(matched).toMatchObject({ fine: 1, colour: 0 });
  const again = { ...matched, colour: 0.5 };
  expect(doc.operate(again, 'match', { by: 0.5 }, on).colour).toBe(0.5);
  expect(doc.operate(original, 'scale', { by: 2 }, on).colour).toBe(1);
});

test('an operator on one target is one edit, on another a second', () => {
  const on = doc.target(2, null);
  const one = doc.operate(take, 'scale', { by: 2 }, on);
  const two = doc.operate(doc.operate(one, 'scale', { by: 3 }, on), 'bias', { by: 1 }, on);
  expect(two.edits).toHaveLength(2);
  expect(doc.operatorValue(two, 'scale', 'by', on)).toBe(3);
  expect(doc.operatorValue(one, 'scale', 'by', on)).toBe(2);
  const other = doc.operate(two, 'scale', { by: 4 }, doc.target('all', { start: 0, end: 1 }));
  expect(other.edits).toHaveLength(3);
  expect(doc.operatorValue(other, 'scale', 'by', on)).toBeUndefined();
  expect(doc.withoutOperator(two, 'bias', on)).toEqual(doc.operate(take, 'scale', { by: 3 }, on));
  expect(take.edits).toHaveLength(0);
});

test('points are added, moved together and deleted', () => {
  const bent = doc.addPoint(take, 1, 0.5, 2, 0.1, flat, 1);
  expect(bent.edits).toEqual([{ op: 'draw', lane: 1, points: [[0.4, 0], [0.5, 2], [0.6, 0]] }]);
  const more = doc.addPoint(bent, 1, 0.55, -1, 0.1, flat, 1);
  expect(more.edits).toHaveLength(1);
  expect(doc.livePoints(more, 1).map((p) => p.t)).toEqual([0.4, 0.5, 0.55, 0.6]);
  const ids = [{ edit: 0, index: 1 }, { edit: 0, index: 2 }];
  const moved = doc.movePoints(more, ids, 0.02, 5, 1, -3, 3);
  expect(doc.livePoints(moved, 1).map((p) => p.v)).toEqual([0, 3, 3, 0]);
  expect(doc.livePoints(moved, 1)[1].t).toBeCloseTo(0.52);
  expect(doc.deletePoints(moved, ids).edits).toEqual([{ op: 'draw', lane: 1, points: [[0.4, 0], [0.6, 0]] }]);
  expect(doc.deletePoints(bent, [0, 1, 2].map((index) => ({ edit: 0, index }))).edits).toEqual([]);
});

test('points never pass each other or the ends', () => {
  const next = random(1);
  let now = doc.draw(take, 0, [[0.1, 0], [0.3, 1], [0.7, 0], [0.9, 1]]);
  for (let n = 0; n < 300; n++) {
    const ids = [0, 1, 2, 3].filter(() => next() < 0.5).map((index) => ({ edit: 0, index }));
    now = doc.movePoints(now, ids, next() - 0.5, next() * 4 - 2, 1, -1, 1);
    const points = doc.livePoints(now, 0);
    expect(points).toHaveLength(4);
    points.forEach((p, i) => {
      expect(p.t).toBeGreaterThanOrEqual(i ? points[i - 1].t : -1e-9);
      expect(p.t).toBeLessThanOrEqual(1 + 1e-9);
      expect(Math.abs(p.v)).toBeLessThanOrEqual(1);
    });
  }
});

test('what a later edit has touched can no longer be moved', () => {
  const drawn = doc.draw(take, 3, [[0.1, 0], [0.2, 1]]);
  expect(doc.livePoints(drawn, 3)).toHaveLength(2);
  expect(doc.livePoints(doc.operate(drawn, 'bias', { by: 1 }, doc.target(2, null)), 3)).toHaveLength(2);
  expect(doc.livePoints(doc.operate(drawn, 'bias', { by: 1 }, doc.target('latents', null)), 3)).toHaveLength(0);
  expect(doc.livePoints(doc.operate(drawn, 'bias', { by: 1 }, doc.target(3, { start: 0.5, end: 1 })), 3)).toHaveLength(2);
  expect(doc.livePoints(doc.draw(drawn, 3, [[0.15, 0]]), 3)).toHaveLength(1);
  expect(doc.revert(drawn, doc.target('all', null)).edits).toEqual([]);
  expect(doc.livePoints(doc.revert(drawn, doc.target('all', { start: 0, end: 0.15 })), 3)).toHaveLength(0);
});

test('clicks with the line tool go on with the line', () => {
  const first = doc.extendLine(take, 0, 0.1, 1);
  const third = doc.extendLine(doc.extendLine(first, 0, 0.3, 0), 0, 0.2, -1);
  expect(third.edits).toEqual([{ op: 'draw', lane: 0, points: [[0.1, 1], [0.2, -1], [0.3, 0]] }]);
  expect(doc.extendLine(third, 1, 0.2, 0).edits).toHaveLength(2);
});

test('history: one step a gesture, and it can be walked', () => {
  let steps = history.begin('a');
  steps = history.step(history.step(steps, 'b', 'b'), 'c', 'c');
  expect(history.step(steps, 'nothing', 'c')).toBe(steps);
  const back = history.walk(steps, 1);
  expect(history.current(back)).toBe('b');
  expect(history.current(history.walk(back, 2))).toBe('c');
  expect(history.step(back, 'd', 'd').steps.map((s) => s.session)).toEqual(['a', 'b', 'd']);
  expect(history.current(history.walk(steps, -5))).toBe('a');
  for (let n = 0; n < 600; n++) steps = history.step(steps, `${n}`, `${n}`);
  expect(steps.steps).toHaveLength(500);
  expect(history.current(steps)).toBe('599');
});

test('simplify leaves nothing further off than it says', () => {
  const next = random(3);
  const line: [number, number][] = Array.from({ length: 300 }, (_, i) => [i / 100, Math.sin(i / 20) + 0.1 * next()]);
  const simple = simplify(line, 0.05);
  expect(simple.length).toBeLessThan(150);
  for (const [t, v] of line) {
    const i = Math.max(1, simple.findIndex(([at]) => at >= t));
    const [[ta, va], [tb, vb]] = [simple[i - 1], simple[i]];
    expect(Math.abs(va + ((vb - va) * (t - ta)) / (tb - ta) - v)).toBeLessThanOrEqual(0.0501);
  }
});

test('a stroke that goes back is replaced there', () => {
  const stroke = new Stroke();
  for (const [t, v] of [[0, 0], [1, 1], [2, 2], [3, 3], [1.5, 9], [0.5, 9]]) stroke.add(t, v);
  expect(stroke.line).toEqual([[0, 0], [0.5, 9], [1.5, 9], [3, 3]]);
});

test('peaks are the extremes of any stretch', () => {
  const next = random(5);
  const values = Float32Array.from({ length: 5000 }, () => next() - 0.5);
  const peaks = new Peaks(values);
  values.fill(2, 3000, 3010);
  peaks.update(3000, 3010);
  for (let n = 0; n < 200; n++) {
    const first = Math.floor(next() * 5000);
    const last = Math.min(5000, first + 1 + Math.floor(next() * 4000));
    const part = values.subarray(first, last);
    const [low, high] = peaks.between(first, last);
    expect(low).toBeLessThanOrEqual(part.reduce((a, b) => Math.min(a, b)));
    expect(high).toBeGreaterThanOrEqual(part.reduce((a, b) => Math.max(a, b)));
    if (last - first < 16) expect([low, high]).toEqual([part.reduce((a, b) => Math.min(a, b)), part.reduce((a, b) => Math.max(a, b))]);
  }
  expect(new Peaks(new Float32Array(0)).between(0, 10)).toEqual([Infinity, -Infinity]);
});

test('the square', () => {
  expect(shares(0, 0)).toEqual([1, 0, 0, 0]);
  expect(shares(1, 1)).toEqual([0, 0, 0, 1]);
  expect(shares(0.25, 0.5).reduce((a, b) => a + b)).toBeCloseTo(1);
  const puck = { points: [[0, 0, 0], [1, 1, 0.5]] as [number, number, number][], loop: true, speed: 2 };
  expect(puckAt(puck, 0.25)).toEqual([0.5, 0.25]);
  expect(puckAt(puck, 0.75)).toEqual([0.5, 0.25]);
  expect(puckAt({ ...puck, loop: false }, 9)).toEqual([1, 0.5]);
});

test('the view stays within the sound', () => {
  const next = random(9);
  let view = { t0: 0, t1: 10 };
  for (let n = 0; n < 500; n++) {
    view = next() < 0.5 ? views.zoom(view, 0.3 + 3 * next(), 10 * next(), 10) : views.pan(view, 8 * next() - 4, 10);
    expect(view.t0).toBeGreaterThanOrEqual(-1e-9);
    expect(view.t1).toBeLessThanOrEqual(10 + 1e-9);
    expect(view.t1 - view.t0).toBeGreaterThan(0.0199);
  }
  const about = views.zoom({ t0: 2, t1: 4 }, 2, 3.5, 10);
  expect((3.5 - about.t0) / (about.t1 - about.t0)).toBeCloseTo(0.75);
  expect(views.fit(1, 2, 10).t0).toBeLessThan(1);
  expect(valueAt(new Float32Array([0, 1, 0]), 10, 0.05)).toBeCloseTo(0.5);
  expect(views.clock(83.456)).toBe('1:23.46');
  expect([0.03, 0.3, 4, 40].map(views.marks)).toEqual([0.05, 0.5, 5, 60]);
});

test('the ruler counts in seconds, then in minutes', () => {
  const ruler = (duration: number, width = 900) => {
    const step = views.marks((duration / width) * 64);
    return Array.from({ length: 4 }, (_, k) => views.clock(k * step, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)), duration > 60));
  };
  expect(ruler(600)).toEqual(['0:00', '1:00', '2:00', '3:00']);
  expect(ruler(1800)).toEqual(['0:00', '5:00', '10:00', '15:00']);
  expect(ruler(90)).toEqual(['0:00', '0:10', '0:20', '0:30']);
  expect(ruler(2.2)).toEqual(['0.0', '0.2', '0.4', '0.6']);
  for (let least = 1e-3; least < 1e4; least *= 1.3) expect(views.marks(least)).toBeGreaterThanOrEqual(least * 0.99);
  expect([views.clock(59.999, 1), views.clock(60, 0), views.clock(0.2, 1, true), views.clock(119.96, 1)]).toEqual(['1:00.0', '1:00', '0:00.2', '2:00.0']);
});

test('frequencies and heights of a mel are each other\'s inverse', () => {
  const hertz = Array.from({ length: 40 }, (_, k) => 60 * 1.15 ** k);
  for (const frequency of [100, 440, 2000, 9000]) expect(frequencyAt(hertz, height(hertz, frequency))).toBeCloseTo(frequency, 3);
  expect([height(hertz, 1), height(hertz, 1e6)]).toEqual([0, 1]);
  expect([inHertz(440.2), inHertz(1600), inHertz(20000)]).toEqual(['440 Hz', '1.6 kHz', '20 kHz']);
});

test('names are as long as the server takes them, and hold no half of a character', () => {
  expect(doc.short('n'.repeat(300))).toHaveLength(200);
  expect(doc.short(`${'a'.repeat(59)}😀b`, 60)).toBe(`${'a'.repeat(59)}😀`);
  expect(encodeURIComponent(doc.short('\ud83d.wav'))).toBe('%EF%BF%BD.wav');
  const session = doc.named(doc.newSession('small'), 'small', 0, `${'a'.repeat(39)}😀😀`);
  expect(session.names.small[0]).toBe(`${'a'.repeat(39)}😀`);
});

test('a way of too many points keeps its ends', () => {
  const points = Array.from({ length: 1001 }, (_, i) => i);
  expect(thinned(points, 2000)).toBe(points);
  expect(thinned(points, 101)).toEqual(Array.from({ length: 101 }, (_, i) => 10 * i));
});
