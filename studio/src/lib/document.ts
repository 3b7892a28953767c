// The document as the page edits it: pure functions from one immutable take to the next.

import { simplify, type Line } from './curves';
import { MOST_LANE_NAME, MOST_NAME, type Draw, type Edit, type Operate, type Session, type Square, type Take, type Target, type Trail } from './protocol';

export type Lane = number | 'loudness';
export interface Range { readonly start: number; readonly end: number }
export interface PointId { readonly edit: number; readonly index: number }
export interface LivePoint extends PointId { readonly t: number; readonly v: number }

export const PUCK = { points: [[0, 0.5, 0.5]], loop: false, speed: 1 } as const;
export const SQUARE: Square = { on: false, corners: [null, null, null, null], puck: PUCK, acts: 'both' };

export const TRAIL: Trail = { on: false, puck: PUCK, acts: 'all' };

export function newTake(model: string, input: Take['input'] = null): Take {
  return inDomain({ model, input, edits: [], square: SQUARE, fine: 1, colour: 0, domain: 0, map: TRAIL, stereo: true }, 1); // what a sound is opened for: the transfer
}

export function newSession(model: string): Session {
  return { take: newTake(model), snapshots: [], format: 1, names: {} };
}

/** A name as the document can hold it: of so many characters, as the server counts them, and no half of one. */
export function short(name: string, most = MOST_NAME): string {
  return [...name].slice(0, most).join('').replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Call a latent of a model something; '' is its number again. */
export function named(session: Session, model: string, lane: number, name: string): Session {
  const names = [...(session.names[model] ?? [])];
  while (names.length <= lane) names.push('');
  names[lane] = short(name.trim(), MOST_LANE_NAME);
  while (names.length && !names[names.length - 1]) names.pop();
  const { [model]: _, ...others } = session.names;
  return { ...session, names: names.length ? { ...others, [model]: names } : others };
}

/** From the original (0) to the domain (1): what is put in the domain's place has the domain's colour. */
export function inDomain(take: Take, domain: number): Take {
  return { ...take, domain, colour: 1 - domain };
}

// --- targets ---

/** What operators act on: one lane, all latent lanes, or everything; and the selected range, else all of the time. */
export function target(lane: Lane | 'latents' | 'all', range: Range | null): Target {
  const span = { start: range ? range.start : null, end: range ? range.end : null };
  if (lane === 'loudness') return { lanes: [], loudness: true, ...span };
  if (lane === 'latents') return { lanes: null, loudness: false, ...span };
  if (lane === 'all') return { lanes: null, loudness: true, ...span };
  return { lanes: [lane], loudness: false, ...span };
}

export function sameTarget(a: Target, b: Target): boolean {
  const lanes = a.lanes === b.lanes || (a.lanes && b.lanes && a.lanes.join() === b.lanes.join());
  return !!lanes && a.loudness === b.loudness && a.start === b.start && a.end === b.end;
}

function touches(on: Target, lane: Lane, start: number, end: number): boolean {
  const inLane = lane === 'loudness' ? on.loudness : on.lanes === null || on.lanes.includes(lane);
  return inLane && (on.start ?? -Infinity) <= end && (on.end ?? Infinity) >= start;
}

// --- operators: those at the end of the list that act on the same target are what the panel shows and turns ---

/** Index of that operator's edit among the last edits that share the target; −1 if it is not there. */
export function operating(take: Take, operator: string, on: Target): number {
  for (let i = take.edits.length - 1; i >= 0; i--) {
    const edit = take.edits[i];
    if (edit.op !== 'operate' || !sameTarget(edit.on, on)) return -1;
    if (edit.operator === operator) return i;
  }
  return -1;
}

export function operatorValue(take: Take, operator: string, name: string, on: Target): number | undefined {
  const at = operating(take, operator, on);
  const value = at < 0 ? undefined : (take.edits[at] as Operate).values[name];
  return typeof value === 'number' ? value : undefined;
}

/** Turn an operator to these values on a target: the one that is there already, or a new one. */
export function operate(take: Take, operator: string, values: Operate['values'], on: Target): Take {
  const at = operating(take, operator, on);
  const before = at < 0 ? {} : (take.edits[at] as Operate).values;
  const edit: Operate = { op: 'operate', operator, values: { ...before, ...values }, on };
  const made = withEdits(take, at < 0 ? [...take.edits, edit] : take.edits.with(at, edit));
  // where a sound is put in the domain's place, the domain's own colour is to be heard
  return operator === 'match' && at < 0 ? { ...made, colour: 0 } : made;
}

export function withoutOperator(take: Take, operator: string, on: Target): Take {
  const at = operating(take, operator, on);
  return at < 0 ? take : withEdits(take, take.edits.toSpliced(at, 1));
}

export function revert(take: Take, on: Target): Take {
  const all = on.lanes === null && on.loudness && on.start === null && on.end === null;
  return withEdits(take, all ? [] : [...take.edits, { op: 'revert', on }]);
}

// --- points ---

export function withEdits(take: Take, edits: readonly Edit[]): Take {
  return { ...take, edits };
}

/** Replace a lane by straight lines through points, `tolerance` being what nobody sees in the lane's unit. */
export function draw(take: Take, lane: Lane, points: Line, tolerance = 0): Take {
  const line = tidy(tolerance ? simplify(points, tolerance) : points);
  return line.length ? withEdits(take, [...take.edits, { op: 'draw', lane, points: line }]) : take;
}

/** The points of a lane that can still be moved: those of drawings that no later edit has touched. */
export function livePoints(take: Take, lane: Lane): LivePoint[] {
  const found: LivePoint[] = [];
  take.edits.forEach((edit, i) => {
    if (edit.op === 'draw' && edit.lane === lane && isLive(take, i))
      edit.points.forEach(([t, v], index) => found.push({ edit: i, index, t, v }));
  });
  return found.sort((a, b) => a.t - b.t);
}

function isLive(take: Take, at: number): boolean {
  const { lane, points } = take.edits[at] as Draw;
  const start = points[0][0];
  const end = points[points.length - 1][0];
  return !take.edits.slice(at + 1).some((later) =>
    later.op === 'draw'
      ? later.lane === lane && later.points[0][0] <= end && later.points[later.points.length - 1][0] >= start
      : touches(later.on, lane, start, end),
  );
}

/** The live drawing of a lane over a moment, or −1. */
export function drawingAt(take: Take, lane: Lane, t: number): number {
  for (let i = take.edits.length - 1; i >= 0; i--) {
    const edit = take.edits[i];
    if (edit.op === 'draw' && edit.lane === lane && isLive(take, i)) {
      if (edit.points[0][0] <= t && t <= edit.points[edit.points.length - 1][0]) return i;
    }
  }
  return -1;
}

/** Add a point: into the drawing that is there, else as a bend of the curve between t − around and t + around. */
export function addPoint(take: Take, lane: Lane, t: number, v: number, around: number, curve: (t: number) => number, last: number): Take {
  const at = drawingAt(take, lane, t);
  if (at >= 0) {
    const edit = take.edits[at] as Draw;
    return withEdits(take, take.edits.with(at, { ...edit, points: tidy([...edit.points, [t, v]]) }));
  }
  const before = Math.max(0, t - around);
  const after = Math.min(last, t + around);
  const line: [number, number][] = [[t, v]];
  if (before < t) line.unshift([before, curve(before)]);
  if (after > t) line.push([after, curve(after)]);
  return draw(take, lane, line);
}

/** Go on with a line: the newest drawing of the lane, if it can still be moved, gets one more point. */
export function extendLine(take: Take, lane: Lane, t: number, v: number): Take {
  const at = take.edits.length - 1;
  const edit = take.edits[at];
  if (edit?.op !== 'draw' || edit.lane !== lane) return draw(take, lane, [[t, v]]);
  return withEdits(take, take.edits.with(at, { ...edit, points: tidy([...edit.points, [t, v]]) }));
}

/** Move points by (dt, dv), within [0, last] and [low, high]; a point never passes one that stays. */
export function movePoints(take: Take, ids: readonly PointId[], dt: number, dv: number, last: number, low: number, high: number): Take {
  if (low > high) [low, high] = [high, low]; // a lane that is turned
  const edits = [...take.edits];
  const eps = 1e-4;
  for (const at of new Set(ids.map((id) => id.edit))) {
    const edit = edits[at] as Draw;
    const moved = new Set(ids.filter((id) => id.edit === at).map((id) => id.index));
    let least = -Infinity;
    let most = Infinity;
    edit.points.forEach(([t], i) => {
      if (!moved.has(i)) return;
      const before = i > 0 ? (moved.has(i - 1) ? -Infinity : edit.points[i - 1][0] + eps) : 0;
      const after = i + 1 < edit.points.length ? (moved.has(i + 1) ? Infinity : edit.points[i + 1][0] - eps) : last;
      least = Math.max(least, before - t);
      most = Math.min(most, after - t);
    });
    const shift = least > most ? 0 : Math.min(Math.max(dt, least), most);
    edits[at] = {
      ...edit,
      points: edit.points.map(([t, v], i) => (moved.has(i) ? [t + shift, Math.min(Math.max(v + dv, low), high)] : [t, v])),
    };
  }
  return withEdits(take, edits);
}

/** Take points away; a drawing without any is gone. */
export function deletePoints(take: Take, ids: readonly PointId[]): Take {
  const edits: Edit[] = [];
  take.edits.forEach((edit, at) => {
    const gone = new Set(ids.filter((id) => id.edit === at).map((id) => id.index));
    if (!gone.size || edit.op !== 'draw') return void edits.push(edit);
    const points = edit.points.filter((_, i) => !gone.has(i));
    if (points.length) edits.push({ ...edit, points });
  });
  return withEdits(take, edits);
}

/** Points in the order of time, the last one where two share a moment. */
function tidy(points: Line): [number, number][] {
  const sorted = points.map(([t, v], i) => ({ t, v, i })).sort((a, b) => a.t - b.t || a.i - b.i);
  return sorted.filter((p, i) => i + 1 === sorted.length || sorted[i + 1].t > p.t).map(({ t, v }) => [t, v]);
}
