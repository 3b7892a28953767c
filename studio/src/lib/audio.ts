// Sound out and in: the page's side of the two worklets.

import playerUrl from './player.worklet.js?url';
import recorderUrl from './recorder.worklet.js?url';

/** Samples in memory that the audio thread sees too. */
export function shared(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(4 * Math.max(length, 1)));
}

export class Player {
  readonly control = new Float64Array(new SharedArrayBuffer(8 * 8));
  private context: AudioContext | null = null;
  private node: AudioWorkletNode | null = null;
  private ready: Promise<void> | null = null;
  private state: Record<string, unknown> = {};

  constructor(public rate: number) {
    this.control[4] = 1;
  }

  /** Position in seconds. */
  get time(): number {
    return this.control[0] / this.rate;
  }

  get playing(): boolean {
    return this.control[1] > 0;
  }

  /** Tell the audio thread; what is told before it runs is kept for it. */
  tell(message: Record<string, unknown>): void {
    if (this.node) this.node.port.postMessage(message);
    else Object.assign(this.state, message);
    if (!this.node && typeof message.seek === 'number') this.control[0] = message.seek;
  }

  seek(time: number): void {
    this.tell({ seek: Math.max(0, Math.round(time * this.rate)) });
    if (!this.playing) this.control[0] = Math.max(0, Math.round(time * this.rate));
  }

  async play(): Promise<void> {
    await this.start();
    this.tell({ play: true });
  }

  stop(): void {
    this.tell({ play: false });
    this.control[1] = 0;
  }

  panic(): void {
    this.tell({ panic: true, play: false });
    this.control[1] = 0;
  }

  /** The audio thread is started by the first gesture that needs it, as browsers want it. */
  private start(): Promise<void> {
    this.ready ??= (async () => {
      const context = new AudioContext({ sampleRate: this.rate, latencyHint: 'interactive' });
      await context.audioWorklet.addModule(playerUrl);
      const node = new AudioWorkletNode(context, 'melisma-player', {
        numberOfInputs: 0, outputChannelCount: [2], processorOptions: { control: this.control },
      });
      node.connect(context.destination);
      node.port.postMessage(this.state);
      this.context = context;
      this.node = node;
    })();
    return this.ready.then(() => this.context!.resume());
  }

  close(): void {
    void this.context?.close();
  }
}

/** A recording under way. */
export class Recording {
  static readonly EACH = 1024; // samples of a column of the picture
  private pieces: Float32Array[] = [];
  private length = 0;
  private filled = 0; // samples in the last column
  readonly lows: number[] = [];
  readonly highs: number[] = [];
  /** The highest sample of late, which falls by about 20 dB a second. */
  level = 0;
  clipped = false;

  private constructor(private context: AudioContext, private stream: MediaStream) {}

  static async start(): Promise<Recording> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 },
    });
    const context = new AudioContext();
    await context.audioWorklet.addModule(recorderUrl);
    const recording = new Recording(context, stream);
    const node = new AudioWorkletNode(context, 'melisma-recorder', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => recording.take(data);
    context.createMediaStreamSource(stream).connect(node);
    return recording;
  }

  private take(piece: Float32Array): void {
    this.pieces.push(piece);
    this.length += piece.length;
    const fall = 10 ** (-1 / this.context.sampleRate);
    for (const x of piece) {
      if (this.filled === 0) [this.lows[this.lows.length], this.highs[this.highs.length]] = [x, x];
      const last = this.lows.length - 1;
      if (x < this.lows[last]) this.lows[last] = x;
      if (x > this.highs[last]) this.highs[last] = x;
      this.filled = (this.filled + 1) % Recording.EACH;
      this.level = Math.max(this.level * fall, Math.abs(x));
      this.clipped ||= Math.abs(x) >= 1;
    }
  }

  get rate(): number {
    return this.context.sampleRate;
  }

  get seconds(): number {
    return this.length / this.context.sampleRate;
  }

  /** End it. → a WAV file of 32-bit floats, or null if nothing came. */
  stop(): Blob | null {
    this.stream.getTracks().forEach((track) => track.stop());
    if (this.context.state !== 'closed') void this.context.close();
    return this.length ? wav([this.pieces], this.length, this.context.sampleRate) : null;
  }
}

/** What the browser itself can decode (m4a, mp4, webm …) as a WAV file; null if it cannot. */
export async function decoded(file: Blob): Promise<Blob | null> {
  if (file.size > DECODED) return null; // it would have to be in memory, decoded, as a whole
  try {
    const sound = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(await file.arrayBuffer());
    return wav(Array.from({ length: sound.numberOfChannels }, (_, k) => [sound.getChannelData(k)]), sound.length, sound.sampleRate);
  } catch {
    return null;
  }
}

const DECODED = 200 << 20; // bytes

/** A WAV file of 32-bit floats, from the pieces of each channel. */
export function wav(channels: Float32Array[][], length: number, rate: number): Blob {
  const n = channels.length;
  const bytes = 4 * n * length;
  const head = new DataView(new ArrayBuffer(44));
  const words = [0x52494646, 36 + bytes, 0x57415645, 0x666d7420, 16, 0, rate, 4 * n * rate, 0, 0x64617461, bytes];
  words.forEach((word, i) => head.setUint32(4 * i, word, ![0, 2, 3, 9].includes(i)));
  [3, n].forEach((half, i) => head.setUint16(20 + 2 * i, half, true)); // floats, channels
  [4 * n, 32].forEach((half, i) => head.setUint16(32 + 2 * i, half, true));
  if (n === 1) return new Blob([head.buffer, ...channels[0].map((piece) => piece.slice().buffer)], { type: 'audio/wav' });
  const woven = new Float32Array(n * length);
  channels.forEach((pieces, k) => {
    let at = k;
    for (const piece of pieces) for (let i = 0; i < piece.length; i++, at += n) woven[at] = piece[i];
  });
  return new Blob([head.buffer, woven.buffer], { type: 'audio/wav' });
}

/** Level of a sound in dB, for matching two. */
export function level(...channels: (Float32Array | undefined)[]): number {
  let sum = 0;
  let count = 0;
  for (const samples of channels) {
    if (!samples) continue;
    const step = Math.max(1, Math.floor(samples.length / 200_000));
    for (let i = 0; i < samples.length; i += step, count++) sum += samples[i] * samples[i];
  }
  return Math.sqrt(sum / Math.max(count, 1));
}
