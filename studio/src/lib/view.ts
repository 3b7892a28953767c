// The one time axis: which stretch of time the lanes show.

import { clamp } from './curves';

export interface View { readonly t0: number; readonly t1: number }

const SHORTEST = 0.02; // seconds

/** Zoom by a factor about a time. */
export function zoom(view: View, factor: number, about: number, duration: number): View {
  const width = clamp((view.t1 - view.t0) / factor, Math.min(SHORTEST, duration), duration);
  const share = (about - view.t0) / (view.t1 - view.t0);
  return within({ t0: about - share * width, t1: about + (1 - share) * width }, duration);
}

export function pan(view: View, by: number, duration: number): View {
  return within({ t0: view.t0 + by, t1: view.t1 + by }, duration);
}

export function within(view: View, duration: number): View {
  const width = Math.min(view.t1 - view.t0, duration);
  const t0 = clamp(view.t0, 0, duration - width);
  return { t0, t1: t0 + width };
}

/** Show a range with a little room around it. */
export function fit(start: number, end: number, duration: number): View {
  const room = Math.max((end - start) * 0.05, SHORTEST / 2);
  return within({ t0: Math.max(0, start - room), t1: Math.min(duration, end + room) }, duration);
}

const LONG = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]; // seconds: what minutes are divided into, and hours

/** Distance of the ruler's marks, at least `least` seconds: 1, 2 or 5 of a power of ten up to 10 s, then parts of minutes. */
export function marks(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const short = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least * 0.999)!;
  return short <= 10 ? short : (LONG.find((n) => n >= least * 0.999) ?? Math.ceil(least / 3600) * 3600);
}

/** A moment of a sound of that length, in words. */
export function moment(t: number, duration: number): string {
  return duration > 60 ? clock(t, 2, true) : `${clock(t)} s`;
}

/** A time as people say it: seconds, or minutes:seconds where there are minutes (`long`: in any case, beside others that have). */
export function clock(t: number, digits = 2, long = false): string {
  const rounded = Number(Math.max(t, 0).toFixed(digits)); // first, so that 59.999 is 1:00
  const minutes = Math.floor(rounded / 60 + 1e-9);
  const seconds = Math.max(0, rounded - 60 * minutes).toFixed(digits);
  return minutes || long ? `${minutes}:${seconds.padStart(digits ? 3 + digits : 2, '0')}` : `${seconds}`;
}
