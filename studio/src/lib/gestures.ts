// What the pointer does in a lane with each tool: from a press to the step of the history that it makes.

import { clamp, Stroke } from './curves';
import * as doc from './document';
import type { Lane, LivePoint, PointId } from './document';
import { look } from './look.svelte';
import type { Take } from './protocol';
import { received } from './received.svelte';
import { transport } from './transport.svelte';
import { work } from './work.svelte';

/** A lane's geometry at the moment of a press. */
export interface Place {
  readonly lane: Lane;
  readonly width: number;
  readonly height: number;
  x(t: number): number;
  y(v: number): number;
  t(x: number): number;
  v(y: number): number;
}

export interface Gesture {
  /** Pointer moves to (x, y); fine: with Shift. */
  move(x: number, y: number, fine: boolean): void;
  /** moved: whether it was more than a click. */
  up(moved: boolean): void;
}

const NEAR = 9; // pixels

export function press(place: Place, x: number, y: number, keys: { shift: boolean; alt: boolean }): Gesture {
  const { tool } = look;
  if (tool === 'draw') return drawing(place, x, y);
  if (tool === 'line') return line(place, x, y);
  if (tool === 'range') return ranging(place, x, () => transport.seek(place.t(x)));
  const points = doc.livePoints(work.session.take, place.lane);
  const hit = nearest(place, points, x, y);
  if (hit && keys.alt) {
    work.commitTake(`Deleted a point of ${look.laneName(place.lane)}`, doc.deletePoints(work.session.take, [hit]));
    return { move() {}, up() {} };
  }
  if (hit) return moving(place, hit, x, y, keys.shift);
  const t = place.t(x);
  if (Math.abs(place.y(received.value(place.lane, t)) - y) < NEAR) {
    const at = doc.drawingAt(work.session.take, place.lane, t);
    if (at >= 0) return segment(place, at, t, x, y);
    if (look.range && t >= look.range.start && t <= look.range.end) return raising(place, x, y);
  }
  return marquee(place, points, x, y);
}

function nearest(place: Place, points: LivePoint[], x: number, y: number): LivePoint | undefined {
  const off = (p: LivePoint) => Math.hypot(place.x(p.t) - x, place.y(p.v) - y);
  return points.filter((p) => off(p) < NEAR).sort((a, b) => off(a) - off(b))[0];
}

const named = (what: string, place: Place) => `${what} ${look.laneName(place.lane)}`;

/** Runs a gesture that turns the take before it into others. */
function editing(name: string, change: (x: number, y: number, fine: boolean) => Take, click?: () => void): Gesture {
  let under = !!work.gesture; // whether it has changed something already
  let over = false; // Escape has ended it, or an undo
  return {
    move(x, y, fine) {
      over ||= under && !work.gesture;
      if (over) return;
      work.preview(change(x, y, fine));
      under = true;
    },
    up(moved) {
      if (over || (under && !work.gesture)) return;
      if (moved && work.gesture) work.commitTake(name, work.gesture);
      else {
        work.drop();
        click?.();
      }
    },
  };
}

function drawing(place: Place, x: number, y: number): Gesture {
  const before = work.session.take;
  const stroke = new Stroke();
  const tolerance = Math.abs(place.v(0) - place.v(0.5));
  const add = (px: number, py: number) => {
    stroke.add(clamp(place.t(px), 0, look.duration), place.v(clamp(py, 0, place.height)));
    return doc.draw(before, place.lane, stroke.line, tolerance);
  };
  work.preview(add(x, y));
  const gesture = editing(named('Drew', place), add);
  return { move: gesture.move, up: () => gesture.up(true) };
}

function line(place: Place, x: number, y: number): Gesture {
  const before = work.session.take;
  const start: [number, number] = [place.t(x), place.v(y)];
  return editing(
    named('Line in', place),
    (px, py) => doc.draw(before, place.lane, [start, [clamp(place.t(px), 0, look.duration), place.v(clamp(py, 0, place.height))]]),
    () => work.commitTake(named('Line in', place), doc.extendLine(before, place.lane, ...start)),
  );
}

function ranging(place: Place, x: number, click: () => void): Gesture {
  const from = clamp(place.t(x), 0, look.duration);
  return {
    move(px) {
      const to = clamp(place.t(px), 0, look.duration);
      look.select({ start: Math.min(from, to), end: Math.max(from, to) });
    },
    up(moved) {
      if (moved) return;
      look.select(null);
      click();
    },
  };
}

function moving(place: Place, hit: LivePoint, x: number, y: number, adding: boolean): Gesture {
  const before = work.session.take;
  const same = (a: PointId) => a.edit === hit.edit && a.index === hit.index;
  const chosen = look.points.some(same);
  if (adding) look.points = chosen ? look.points.filter((p) => !same(p)) : [...look.points, hit];
  else if (!chosen) look.points = [hit];
  const ids = look.points;
  const [low, high] = look.scale(place.lane);
  return editing(named(ids.length > 1 ? 'Moved points of' : 'Moved a point of', place), (px, py, fine) => {
    const k = fine ? 0.1 : 1;
    const dt = (place.t(px) - place.t(x)) * k;
    const dv = (place.v(py) - place.v(y)) * k;
    return doc.movePoints(before, ids, dt, dv, look.duration, low, high);
  });
}

/** The piece of a drawing between two points, up and down. */
function segment(place: Place, at: number, t: number, x: number, y: number): Gesture {
  const before = work.session.take;
  const edit = before.edits[at];
  if (edit.op !== 'draw') return { move() {}, up() {} };
  const next = Math.max(1, edit.points.findIndex(([time]) => time > t));
  const ids = [next - 1, next].filter((index) => index < edit.points.length).map((index) => ({ edit: at, index }));
  const [low, high] = look.scale(place.lane);
  return editing(
    named('Moved a segment of', place),
    (_, py, fine) => doc.movePoints(before, ids, 0, (place.v(py) - place.v(y)) * (fine ? 0.1 : 1), look.duration, low, high),
    () => work.commitTake(named('Added a point to', place), doc.addPoint(before, place.lane, place.t(x), place.v(y), 0, () => 0, look.duration)),
  );
}

/** The selected range of a curve, up and down. */
function raising(place: Place, x: number, y: number): Gesture {
  const before = work.session.take;
  const on = doc.target(place.lane, look.range);
  const had = doc.operatorValue(before, 'bias', 'by', on) ?? 0;
  const unit = place.lane === 'loudness' ? 10 : 1; // an operator's unit on the loudness is 10 dB
  return editing(
    named('Moved a range of', place),
    (_, py, fine) => doc.operate(before, 'bias', { by: clamp(had + ((place.v(py) - place.v(y)) * (fine ? 0.1 : 1)) / unit, -10, 10) }, on),
    () => click(place, x, y),
  );
}

/** A drag over nothing selects a range, and the points in it; a click adds a point. */
function marquee(place: Place, points: LivePoint[], x: number, y: number): Gesture {
  const ranged = ranging(place, x, () => {});
  return {
    move(px, py, fine) {
      ranged.move(px, py, fine);
      const { range } = look;
      look.points = range ? points.filter((p) => p.t >= range.start && p.t <= range.end) : [];
    },
    up(moved) {
      if (!moved) click(place, x, y);
    },
  };
}

function click(place: Place, x: number, y: number): void {
  addPoint(place.lane, place.t(x), place.v(y), (40 / place.width) * (look.view.t1 - look.view.t0));
}

/** Add a point, which is then the selected one. */
export function addPoint(lane: Lane, t: number, v: number, around: number): void {
  const curve = (at: number) => received.value(lane, at);
  const take = doc.addPoint(work.session.take, lane, t, v, around, curve, look.duration);
  work.commitTake(`Added a point to ${look.laneName(lane)}`, take);
  look.points = doc.livePoints(take, lane).filter((p) => p.t === t);
}
