// What the server has sent: curves, sounds, mels, and how far the rendering is. The arrays are too large to be watched, so
// numbers count their changes.

import { shared } from './audio';
import { Peaks, valueAt } from './curves';
import type { Lane } from './document';
import type { Heard } from './link';
import { MelPicture } from './mel';
import type { Binary } from './protocol';

/** A path as the server sent it: a curve a lane, the loudness last. */
export interface Curves { rate: number; frames: number; lanes: Float32Array[]; peaks: Peaks[] }
interface Channel { samples: Float32Array; peaks: Peaks }
/** A sound to look at and to play: its one channel, or left, and right beside it. */
export interface Wave extends Channel { right: Channel | null; mel: MelPicture | null }

type CurvesHeader = Extract<Binary, { type: 'curves' }>;
type SamplesHeader = Extract<Binary, { type: 'samples' }>;
type MelHeader = Extract<Binary, { type: 'mel' }>;

function channel(length: number): Channel {
  const samples = shared(length);
  return { samples, peaks: new Peaks(samples) };
}

class Received {
  inferred: Curves | null = null;
  edited: Curves | null = null;
  result: Curves | null = null;
  kept: Curves | null = null; // how strong fine and colour are
  inputWave: Wave | null = null;
  resultWave: Wave | null = null;
  curvesChanged = $state(0);
  rowsChanged = $state<number[]>([]); // the same for each row, so that a lane is not drawn again for what happens in others
  inputChanged = $state(0);
  sides = $state(1); // channels of the input that differ
  resultChanged = $state(0);
  memoryChanged = $state(0); // other arrays: the player has to be told

  revision = 0; // of what was asked for last
  stale = $state(false);
  done = $state(0); // share of the result that is exact
  ahead = $state.raw<readonly [number, number] | null>(null); // shares between which it can be heard already
  answered = $state(0); // ms that the last rendering took

  /** Something else is asked for. → its number. */
  ask(): number {
    [this.stale, this.done, this.ahead] = [true, 0, null];
    return ++this.revision;
  }

  /** All of it is there, or no more will come. */
  finish(milliseconds?: number): void {
    this.stale = false;
    if (milliseconds !== undefined) [this.done, this.answered] = [1, milliseconds];
  }

  clear(): void {
    this.inputWave = this.resultWave = this.inferred = this.edited = this.result = this.kept = null;
    this.inputChanged++;
    this.resultChanged++;
    this.curvesChanged++;
    this.rowsChanged = this.rowsChanged.map((n) => n + 1);
    this.memoryChanged++;
  }

  takeInput({ channels, sides }: Heard, mel: Uint8Array, bands: number): void {
    const picture = new MelPicture(mel.length / bands, bands, mel);
    const [left, right = null] = channels.map((samples) => {
      const made = channel(samples.length);
      made.samples.set(samples);
      made.peaks.update(0, samples.length);
      return made;
    });
    this.inputWave = { ...left, right, mel: picture };
    this.sides = sides;
    this.inputChanged++;
    this.memoryChanged++;
  }

  take(header: Binary, body: ArrayBuffer): void {
    if (header.type === 'curves') this.takeCurves(header, new Float32Array(body));
    else if (header.type === 'samples') this.takeSamples(header, new Float32Array(body));
    else this.takeMel(header, new Uint8Array(body));
  }

  private takeCurves(header: CurvesHeader, values: Float32Array): void {
    let curves = this[header.which];
    if (!curves || curves.frames !== header.frames || curves.lanes.length !== header.lanes || curves.rate !== header.rate) {
      const lanes = Array.from({ length: header.lanes }, () => new Float32Array(header.frames));
      curves = { rate: header.rate, frames: header.frames, lanes, peaks: lanes.map((lane) => new Peaks(lane)) };
      this[header.which] = curves;
      if (header.which !== 'kept') this.rowsChanged = lanes.map((_, k) => (this.rowsChanged[k] ?? 0) + 1);
    }
    const n = values.length / header.lanes;
    curves.lanes.forEach((lane, k) => {
      const part = values.subarray(k * n, (k + 1) * n);
      if (part.every((value, i) => value === lane[header.first + i])) return;
      lane.set(part, header.first);
      curves.peaks[k].update(header.first, header.first + n);
      if (header.which !== 'kept') this.rowsChanged[k]++;
    });
    this.curvesChanged++;
  }

  private takeSamples(header: SamplesHeader, part: Float32Array): void {
    let wave = this.resultWave;
    if (!wave || wave.samples.length !== header.total || !!wave.right !== (header.channels === 2)) {
      const right = header.channels === 2 ? channel(header.total) : null;
      wave = this.resultWave = { ...channel(header.total), right, mel: wave?.mel ?? null };
      this.memoryChanged++;
    }
    const n = part.length / header.channels;
    const end = header.first + n;
    [wave, ...(wave.right ? [wave.right] : [])].forEach(({ samples, peaks }, c) => {
      samples.set(part.subarray(c * n, (c + 1) * n), header.first);
      peaks.update(header.first, end);
    });
    if (header.revision === this.revision) {
      if (header.exact) this.done = end / header.total;
      else this.ahead = [header.first / header.total, end / header.total];
    }
    this.resultChanged++;
  }

  private takeMel(header: MelHeader, part: Uint8Array): void {
    const wave = this.resultWave;
    if (!wave) return;
    if (wave.mel?.frames !== header.frames) wave.mel = new MelPicture(header.frames, header.bands);
    wave.mel.put(header.first, part);
    this.resultChanged++;
  }

  /** How far from 0 each row's curves go, rounded up, so that small changes do not move the scale. */
  reach(): number[] {
    const { inferred, edited } = this;
    if (!inferred || !edited) return [];
    return edited.lanes.map((_, k) => {
      const ends = [inferred, edited].flatMap(({ peaks, frames }) => peaks[k]?.between(0, frames) ?? [0]);
      const loud = k === edited.lanes.length - 1;
      return Math.ceil(loud ? Math.max(...ends) : Math.max(...ends.map(Math.abs)));
    });
  }

  /** A lane's place among the curves. */
  row(lane: Lane): number {
    return lane === 'loudness' ? (this.edited?.lanes.length ?? 1) - 1 : lane;
  }

  /** What a lane holds at a time. */
  value(lane: Lane, t: number): number {
    const curve = this.edited?.lanes[this.row(lane)];
    return curve ? valueAt(curve, this.edited!.rate, t) : 0;
  }
}

export const received = new Received();
