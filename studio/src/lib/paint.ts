// How lanes are drawn. All of it costs about as much as there are pixels, however long the sound.

import type { Peaks } from './curves';
import type { View } from './view';

export const COLOURS = {
  text: '#e7e9ee', faint: '#9aa3b2', line: '#2c313a', original: '#9097a3', result: '#4fd1c5', dim: '#14161a99',
  point: '#ffffff', beyond: '#ffd166',
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

/** A number with its sign, as it is printed. */
export const signed = (value: number, digits: number): string => {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
};

const sheet = new OffscreenCanvas(1, 1);
let pixels = new ImageData(1, 1);

/** What is drawn as pixels: `draw` sets them, and they are laid over what the surface has. Filling a path of every column takes
 * several times as long where no GPU does it. */
function overlay({ context, width, height, ratio }: Surface, draw: (words: Uint32Array, w: number, h: number) => void): void {
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (pixels.width !== w || pixels.height !== h) [sheet.width, sheet.height, pixels] = [w, h, new ImageData(w, h)];
  const words = new Uint32Array(pixels.data.buffer);
  words.fill(0);
  draw(words, w, h);
  sheet.getContext('2d')!.putImageData(pixels, 0, 0);
  context.drawImage(sheet, 0, 0, width, height);
}

export interface Envelope { peaks: Peaks; low: number; high: number; colour: string; thick?: number }

/** Lowest to highest under every pixel column: sounds, and curves of more frames than pixels. Later ones lie over earlier ones. */
export function envelopes(s: Surface, rate: number, view: View, all: readonly Envelope[]): void {
  overlay(s, (words, w, h) => {
    const each = ((view.t1 - view.t0) * rate) / w;
    for (const { peaks, low: lower, high: upper, colour, thick = 1 } of all) {
      const way = upper < lower ? -1 : 1; // a lane that is turned
      const [low, high] = [way * lower, way * upper];
      const tint = parseInt(colour.slice(1), 16);
      const bare = ((tint & 255) << 16) | (tint & 0xff00) | (tint >> 16); // ABGR without A
      const scale = h / (high - low);
      const thin = thick * s.ratio;
      for (let x = 0; x < w; x++) {
        const from = Math.floor(view.t0 * rate + x * each);
        if (from >= peaks.values.length) break;
        const [least, most] = peaks.between(from, Math.max(from + 1, Math.floor(view.t0 * rate + (x + 1) * each) + 1));
        const [bottom, top] = way < 0 ? [-most, -least] : [least, most];
        const begin = h - (top - low) * scale - thin / 2;
        const end = Math.max(h - (bottom - low) * scale + thin / 2, begin + thin);
        for (let y = Math.max(0, Math.floor(begin)); y < Math.min(h, end); y++) {
          const cover = Math.min(1, y + 1 - begin, end - y); // of the pixel, at either end
          const at = y * w + x;
          const alpha = Math.max(words[at] >>> 24, Math.round(255 * cover));
          words[at] = ((alpha << 24) | bare) >>> 0;
        }
      }
    }
  });
}

/** Bars at the upper and lower edge over the columns where a curve lies beyond it. */
export function beyond(s: Surface, rate: number, view: View, { peaks, low, high, colour }: Envelope, below = true): void {
  const each = ((view.t1 - view.t0) * rate) / s.width;
  const turned = high < low;
  if (turned) [low, high] = [high, low];
  s.context.fillStyle = colour;
  for (let x = 0; x < s.width; x++) {
    const from = Math.floor(view.t0 * rate + x * each);
    if (from >= peaks.values.length) break;
    const [least, most] = peaks.between(from, Math.max(from + 1, Math.floor(view.t0 * rate + (x + 1) * each) + 1));
    if (most > high) s.context.fillRect(x, turned ? s.height - 3 : 0, 1, 3);
    if (below && least < low) s.context.fillRect(x, turned ? 0 : s.height - 3, 1, 3);
  }
}

/** Curves, each over those before it: lines where frames are wider than pixels, envelopes where they are not. */
export function curves(s: Surface, rate: number, view: View, all: readonly Envelope[]): void {
  if ((view.t1 - view.t0) * rate > 2 * s.width) envelopes(s, rate, view, all);
  else for (const one of all) line(s, rate, view, one);
}

function line(s: Surface, rate: number, view: View, { peaks, low, high, colour, thick = 1 }: Envelope): void {
  const { context, width, height } = s;
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
