// The audio thread. It holds cores whose memory was made in the worker, and takes nothing while it plays but that.

const CHUNK = 1 << 19; // bytes of a new core's memory that are copied in one quantum: some tenths of a millisecond
const WARM = 0.05, FADE = 0.03; // seconds that a new model hears unheard, beyond its latency, and in which it takes over
const TOLD = 5; // frames that the page is told of at once

/** A core with a model and its stream, as the worker left them. */
class Player {
  constructor(module, model) {
    this.model = model;
    this.call = new WebAssembly.Instance(module, {}).exports;
    const { memory } = this.call;
    const missing = model.image.byteLength - memory.buffer.byteLength;
    if (missing > 0) memory.grow(missing / 65536);
    this.from = new Uint8Array(model.image);
    this.to = new Uint8Array(memory.buffer);
    this.copied = 0;
    this.size = model.latents + 1 + model.bands;
    this.samples = new Float32Array(memory.buffer, model.samples, 2048);
    this.bytes = new Uint8Array(memory.buffer, model.samples, 3);
    this.shown = new Float32Array(memory.buffer, model.shown, this.size);
    this.count = 0n;
    this.n = 0;
  }

  /** One more piece of the memory; → whether it is whole. */
  copy(bytes) {
    if (!this.from) return true;
    const end = Math.min(this.from.length, this.copied + bytes);
    this.to.set(this.from.subarray(this.copied, end), this.copied);
    this.copied = end;
    if (end < this.from.length) return false;
    this.from = this.model.image = null;
    return true;
  }

  set(name, value) {
    if (name in this.model.index) this.call.melisma_set(this.model.stream, this.model.index[name], value);
  }

  reset() {
    this.call.melisma_reset(this.model.stream);
    this.count = 0n;
  }

  /** A MIDI message for the exciter. */
  midi(bytes) {
    this.bytes.set(bytes);
    this.call.melisma_exciter_midi(this.model.exciter, this.model.samples, bytes.length);
  }

  tone(name, value) {
    this.call.melisma_exciter_set(this.model.exciter, this.model.exciterNames[name], value);
  }

  /** keys: the exciter plays, whatever comes in. */
  process(input, output, keys) {
    const n = output.length;
    if (n !== this.n) (this.n = n), (this.long = BigInt(n));
    if (keys) this.call.melisma_exciter_process(this.model.exciter, this.model.samples, this.long);
    else if (input) this.samples.set(input);
    else this.samples.fill(0, 0, n);
    this.call.melisma_process(this.model.stream, this.model.samples, this.model.samples, this.long);
    for (let i = 0; i < n; i++) output[i] = this.samples[i];
  }

  /** Whether there is a frame that has not been asked for; then `shown` is it. */
  advanced() {
    const { latents, shown } = this.model, at = shown + 4 * latents;
    const count = this.call.melisma_last_frame(this.model.stream, shown, at, at + 4);
    if (count === this.count) return false;
    this.count = count;
    return true;
  }
}

class Melisma extends AudioWorkletProcessor {
  constructor({ processorOptions: { module, model, settings, messages } }) {
    super();
    this.module = module;
    this.settings = new Map(Object.entries(settings ?? {}));
    this.due = messages ?? []; // [sample, message], in order
    this.now = this.next = null;
    this.keys = false; // the exciter is the input
    this.tones = new Map();
    this.held = new Map(); // note → its message, for a model that comes in while it is held
    this.left = 0; // samples until the next model has taken over
    this.aside = new Float32Array(2048);
    this.peaks = [0, 0];
    this.busy = this.quanta = 0;
    if (model) {
      this.now = this.begun(model);
      this.now.copy(Infinity);
      this.dress(this.now);
      this.telling(this.now);
    }
    this.port.onmessage = ({ data }) => this.take(data);
  }

  begun(model) {
    return new Player(this.module, model);
  }

  /** Those that are whole: what is told to them is kept. */
  each(tell) {
    if (this.now) tell(this.now);
    if (this.next && !this.next.from) tell(this.next);
  }

  dress(player) {
    for (const [name, value] of this.settings) player.set(name, value);
    for (const [name, value] of this.tones) player.tone(name, value);
    for (const message of this.held.values()) player.midi(message);
    player.reset();
  }

  telling(player) {
    this.told = new Float32Array(TOLD * player.size);
    this.filled = 0;
  }

  take(message) {
    if (message.set) {
      const [name, value] = message.set;
      this.settings.set(name, value);
      this.each((player) => player.set(name, value));
    }
    if (message.keys !== undefined) this.keys = message.keys;
    if (message.tone) {
      this.tones.set(...message.tone);
      this.each((player) => player.tone(...message.tone));
    }
    if (message.midi) {
      const [status, note, velocity] = message.midi;
      if (status >> 4 === 9 && velocity) this.held.set(note, message.midi);
      else if (status >> 4 === 8 || status >> 4 === 9) this.held.delete(note);
      this.each((player) => player.midi(message.midi));
    }
    if (message.reset) this.now?.reset();
    if (message.model) {
      this.next = this.begun(message.model);
      this.left = 0;
    }
  }

  process([[input]], [[output]]) {
    const begun = Date.now();
    while (this.due.length && this.due[0][0] <= currentFrame) this.take(this.due.shift()[1]);
    if (this.now) this.now.process(input, output, this.keys);
    if (this.next) this.change(input, output);
    if (this.now?.advanced()) this.tell();
    for (let i = 0; i < output.length; i++) {
      if (input && Math.abs(input[i]) > this.peaks[0]) this.peaks[0] = Math.abs(input[i]);
      if (Math.abs(output[i]) > this.peaks[1]) this.peaks[1] = Math.abs(output[i]);
    }
    this.busy += Date.now() - begun; // whole milliseconds, right in the mean
    this.quanta++;
    return true;
  }

  /** The next model comes in: its memory, piece by piece; then it hears unheard; then it takes over. */
  change(input, output) {
    const next = this.next, fade = Math.round(FADE * sampleRate);
    if (next.from) {
      if (!next.copy(CHUNK)) return;
      this.dress(next);
      this.left = this.now ? Math.round(WARM * sampleRate) + next.model.latency + fade : fade;
      return;
    }
    const heard = this.aside.subarray(0, output.length);
    next.process(input, heard, this.keys);
    for (let i = 0; i < output.length; i++) {
      const share = Math.min(1, Math.max(0, 1 - this.left / fade));
      output[i] += share * (heard[i] - output[i]);
      if (this.left > 0) this.left--;
    }
    if (this.left > 0) return;
    this.now = next;
    this.next = null;
    this.telling(next);
    this.port.postMessage({ playing: next.model.id });
  }

  tell() {
    this.told.set(this.now.shown, this.filled * this.now.size);
    if (++this.filled < TOLD) return;
    this.filled = 0;
    this.port.postMessage({ model: this.now.model.id, frames: this.told, peaks: this.peaks, busy: this.busy, quanta: this.quanta });
    this.peaks = [0, 0];
    this.busy = this.quanta = 0;
  }
}

registerProcessor("melisma", Melisma);
