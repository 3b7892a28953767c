// How lanes are drawn. All of it costs about as much as there are pixels, however long the sound.

import type { Peaks } from './curves';
import type { View } from './view';

export const COLOURS = {
  text: '#e7e9ee', faint: '#9aa3b2', line: '#2c313a', original: '#9097a3', result: '#4fd1c5', dim: '#14161a99',
  range: '#4fd1c522', edge: '#4fd1c5aa', point: '#ffffff',
};

/** Hues of the lanes: told apart by those who see few colours, too (after Okabe and Ito). */
const HUES = ['#f0b23e', '#5fb8f0', '#3ccf9c', '#f2e55c', '#e08fbd', '#a5a1ff', '#f58b54', '#8bd3c7'];
export const hue = (lane: number): string => HUES[lane % HUES.length];

export interface Surface { context: CanvasRenderingContext2D; width: number; height: number; ratio: number }

/** A canvas of its element's size in the screen's own pixels, cleared. */
export function surface(canvas: HTMLCanvasElement, width: number, height: number): Surface {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, ratio };
}

/** Lowest to highest under every pixel column, as one shape: sounds, and curves of more frames than pixels. */
export function envelope(s: Surface, peaks: Peaks, rate: number, view: View, low: number, high: number, colour: string, thick = 1): void {
  const { context, width, height } = s;
  const each = ((view.t1 - view.t0) * rate) / width;
  const y = (v: number) => height - ((v - low) / (high - low)) * height;
  const bottoms: number[] = [];
  context.fillStyle = colour;
  context.beginPath();
  let x = 0;
  for (; x < width; x++) {
    const from = Math.floor(view.t0 * rate + x * each);
    if (from >= peaks.values.length) break;
    const [least, most] = peaks.between(from, Math.max(from + 1, Math.floor(view.t0 * rate + (x + 1) * each) + 1));
    const top = y(most) - thick / 2;
    context.lineTo(x, top);
    bottoms.push(Math.max(y(least) + thick / 2, top + thick));
  }
  while (x-- > 0) context.lineTo(x, bottoms[x]);
  context.fill();
}

/** A curve: a line where frames are wider than pixels, its envelope where they are not. */
export function curve(s: Surface, peaks: Peaks, rate: number, view: View, low: number, high: number, colour: string, thick: number): void {
  const { context, width, height } = s;
  const frames = (view.t1 - view.t0) * rate;
  if (frames > 2 * width) return envelope(s, peaks, rate, view, low, high, colour, thick);
  const { values } = peaks;
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.lineJoin = 'round';
  context.beginPath();
  const last = Math.min(values.length - 1, Math.ceil(view.t1 * rate));
  for (let i = Math.max(0, Math.floor(view.t0 * rate)); i <= last; i++) {
    const x = ((i / rate - view.t0) / (view.t1 - view.t0)) * width;
    context.lineTo(x, height - ((values[i] - low) / (high - low)) * height);
  }
  context.stroke();
}

/** The selected range. */
export function range(s: Surface, view: View, selected: { start: number; end: number } | null): void {
  if (!selected) return;
  const x = (t: number) => ((t - view.t0) / (view.t1 - view.t0)) * s.width;
  s.context.fillStyle = COLOURS.range;
  s.context.fillRect(x(selected.start), 0, x(selected.end) - x(selected.start), s.height);
  s.context.fillStyle = COLOURS.edge;
  s.context.fillRect(x(selected.start) - 0.5, 0, 1, s.height);
  s.context.fillRect(x(selected.end) - 0.5, 0, 1, s.height);
}
