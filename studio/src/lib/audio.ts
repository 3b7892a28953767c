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
  private pieces: Float32Array[] = [];
  private length = 0;
  peak = 0;

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
    for (const x of piece) this.peak = Math.max(this.peak * 0.9999, Math.abs(x));
  }

  get seconds(): number {
    return this.length / this.context.sampleRate;
  }

  /** End it. → a WAV file of 32-bit floats, or null if nothing came. */
  stop(): Blob | null {
    this.stream.getTracks().forEach((track) => track.stop());
    void this.context.close();
    return this.length ? wav(this.pieces, this.length, this.context.sampleRate) : null;
  }
}

/** A WAV file of one channel of 32-bit floats. */
export function wav(pieces: Float32Array[], length: number, rate: number): Blob {
  const head = new DataView(new ArrayBuffer(44));
  const words = [0x52494646, 36 + 4 * length, 0x57415645, 0x666d7420, 16, 0x00010003, rate, 4 * rate, 0x00200004, 0x64617461, 4 * length];
  words.forEach((word, i) => head.setUint32(4 * i, word, ![0, 2, 3, 9].includes(i)));
  head.setUint16(20, 3, true);
  head.setUint16(22, 1, true);
  head.setUint16(32, 4, true);
  head.setUint16(34, 32, true);
  return new Blob([head.buffer, ...pieces.map((piece) => piece.slice().buffer)], { type: 'audio/wav' });
}

/** Level of a sound in dB, for matching two. */
export function level(samples: Float32Array): number {
  let sum = 0;
  const step = Math.max(1, Math.floor(samples.length / 200_000));
  let count = 0;
  for (let i = 0; i < samples.length; i += step, count++) sum += samples[i] * samples[i];
  return Math.sqrt(sum / Math.max(count, 1));
}
