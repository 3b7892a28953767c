// Melisma's core as WebAssembly, for browsers, audio worklets and Node: an ES module without dependencies.
//
//     python core/build.py --target wasm32-wasi --out melisma.wasm
//
//     const core = await load(fetch("melisma.wasm"));          // or its bytes, or a compiled WebAssembly.Module
//     const model = core.open(new Uint8Array(bytesOfAModelFile));
//     const stream = model.stream(sampleRate);
//     stream.process(input, output);                           // Float32Array, any length: `stream.latency` samples late
//
// The module imports nothing, so nothing but its arithmetic can happen in it. `process` and `set` take no memory: all that a
// stream needs is taken when it is made. What each function does, its units and its threads: core/include/melisma.h.

// --- written by `make generate` from melisma.h ---
const MELISMA_INFO = {
  name: [0, "text"],
  vocoder: [4, "text"],
  kernels: [8, "text"],
  sampleRate: [12, "int"],
  frame: [16, "int"],
  hop: [20, "int"],
  bands: [24, "int"],
  latents: [28, "int"],
  encoderLatents: [32, "int"],
  latency: [36, "int"],
  delay: [40, "int"],
  percentiles: [44, "pointer"],
  goldenSamples: [48, "long"],
  goldenInput: [56, "pointer"],
  goldenOutput: [60, "pointer"],
  weightBytes: [64, "long"],
  unusable: [72, "text"],
};
const MELISMA_INFO_SIZE = 80;
const MELISMA_PARAMETER = {
  name: [0, "text"],
  unit: [4, "text"],
  summary: [8, "text"],
  minimum: [12, "float"],
  maximum: [16, "float"],
  defaultValue: [20, "float"],
  whole: [24, "int"],
};
const MELISMA_PARAMETER_SIZE = 28;
const RENAMED = {"freeze": "hold", "freeze.loudness": "hold.loudness", "noise": "randomize", "noise.rate": "randomize.rate", "noise.seed": "randomize.seed"};
// --- until here ---

const QUANTUM = 2048; // samples that go through at once; longer blocks go in pieces

/** The core from a WebAssembly.Module, its bytes, or a Response (or a promise of any of them). */
export async function load(source) {
  source = await source;
  if (typeof Response !== "undefined" && source instanceof Response) source = await source.arrayBuffer();
  const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
  return new Core(module);
}

export class Core {
  /** @param {WebAssembly.Module} module compiled before: so a worklet, which cannot await, makes its own core at once */
  constructor(module) {
    this.call = new WebAssembly.Instance(module, {}).exports;
    this.call._initialize();
    this.version = this.call.melisma_version();
  }

  /** A model from the bytes of its file. Error says in one sentence what is wrong with them. */
  open(bytes) {
    const place = this.call.malloc(bytes.length + 1);
    if (!place) throw new Error("there is not enough memory to read the model");
    new Uint8Array(this.call.memory.buffer).set(bytes, place);
    try {
      return new Model(this, this.made((why, size) => this.call.melisma_open_memory(place, bytes.length, 0, why, size)));
    } finally {
      this.call.free(place);
    }
  }

  // What `make` makes, or an Error with the reason that it wrote.
  made(make) {
    const size = 600, why = this.call.malloc(size);
    try {
      const handle = make(why, size);
      if (!handle) throw new Error(this.text(why));
      return handle;
    } finally {
      this.call.free(why);
    }
  }

  // A struct of the header, its fields read by their places.
  read(place, fields) {
    const view = new DataView(this.call.memory.buffer);
    const readers = {
      text: (at) => this.text(view.getUint32(at, true)), pointer: (at) => view.getUint32(at, true),
      int: (at) => view.getInt32(at, true), float: (at) => view.getFloat32(at, true), long: (at) => Number(view.getBigInt64(at, true)),
    };
    return Object.fromEntries(Object.entries(fields).map(([name, [at, kind]]) => [name, readers[kind](place + at)]));
  }

  text(place) {
    const bytes = new Uint8Array(this.call.memory.buffer);
    return decodeText(bytes.subarray(place, bytes.indexOf(0, place)));
  }
}

export class Model {
  constructor(core, handle) {
    this.core = core;
    this.handle = handle;
    const place = core.call.malloc(MELISMA_INFO_SIZE);
    core.call.melisma_describe(handle, place, MELISMA_INFO_SIZE);
    const info = core.read(place, MELISMA_INFO);
    core.call.free(place);
    for (const name of ["name", "vocoder", "kernels"]) this[name] = info[name];
    for (const name of ["sampleRate", "frame", "hop", "bands", "latents", "encoderLatents", "latency", "delay"]) this[name] = info[name];
    const floats = (at, n) => new Float32Array(core.call.memory.buffer, at, n).slice();
    this.percentiles = floats(info.percentiles, 5 * this.latents);
    const golden = info.goldenSamples;
    this.golden = golden ? { input: floats(info.goldenInput, golden), output: floats(info.goldenOutput, golden) } : null;
    /** @type {{name: string, unit: string, summary: string, minimum: number, maximum: number, defaultValue: number, whole: boolean}[]} */
    this.parameters = Array.from({ length: core.call.melisma_parameter_count(handle) }, (_, i) => {
      const one = core.read(core.call.melisma_parameter_at(handle, i), MELISMA_PARAMETER);
      return { ...one, whole: one.whole === 1 };
    });
  }

  /** A stream for a host at `rate` Hz; 0: the model's own rate. */
  stream(rate = 0) {
    return new Stream(this, this.core.made((why, size) => this.core.call.melisma_stream_new(this.handle, rate, why, size)));
  }

  /** Let go of the model; streams that are left keep what they need. */
  close() {
    this.core.call.melisma_close(this.handle);
    this.handle = 0;
  }
}

export class Stream {
  constructor(model, handle) {
    this.call = model.core.call;
    this.handle = handle;
    this.latency = this.call.melisma_latency(handle);
    this.index = new Map(model.parameters.map((parameter, i) => [parameter.name, i]));
    this.shape = [model.latents, 1, model.bands];
    this.place = this.call.malloc(4 * QUANTUM);
    this.shown = this.call.malloc(4 * (model.latents + 1 + model.bands));
    this.n = 0;
    this.long = 0n; // n as the core counts it
    this.look();
  }

  // The memory may have moved since another stream was made.
  look() {
    this.samples = new Float32Array(this.call.memory.buffer, this.place, QUANTUM);
    let at = this.shown;
    [this.latents, this.loudness, this.mel] = this.shape.map((n) => {
      at += 4 * n;
      return new Float32Array(this.call.memory.buffer, at - 4 * n, n);
    });
  }

  /** Float32Array in, as many samples out; `output` may be `input`. */
  process(input, output) {
    if (!this.samples.length) this.look();
    for (let at = 0; at < input.length; at += QUANTUM) {
      const n = Math.min(QUANTUM, input.length - at), whole = n === input.length;
      if (n !== this.n) (this.n = n), (this.long = BigInt(n));
      this.samples.set(whole ? input : input.subarray(at, at + n));
      this.call.melisma_process(this.handle, this.place, this.place, this.long);
      for (let i = 0; i < n; i++) output[at + i] = this.samples[i];
    }
  }

  /** Brings `latents`, `loudness` and `mel` to what the frame that was decoded last says. → frames so far */
  lastFrame() {
    if (!this.samples.length) this.look();
    const [latents, loudness, mel] = [this.latents.byteOffset, this.loudness.byteOffset, this.mel.byteOffset];
    return Number(this.call.melisma_last_frame(this.handle, latents, loudness, mel));
  }

  set(name, value) {
    this.call.melisma_set(this.handle, this.known(name), value);
  }

  get(name) {
    return this.call.melisma_get(this.handle, this.known(name));
  }

  known(name) {
    const index = this.index.get(RENAMED[name] ?? name);
    if (index === undefined) throw new Error(`there is no parameter ${name}; there are ${[...this.index.keys()].join(", ")}`);
    return index;
  }

  /** As if just made; parameters keep their values. */
  reset() {
    this.call.melisma_reset(this.handle);
  }

  free() {
    this.call.melisma_stream_free(this.handle);
    this.call.free(this.place);
    this.call.free(this.shown);
    this.handle = this.place = 0;
  }
}

// An audio worklet has no TextDecoder.
function decodeText(bytes) {
  if (typeof TextDecoder !== "undefined") return new TextDecoder().decode(bytes.slice());
  return decodeURIComponent(Array.from(bytes, (byte) => "%" + byte.toString(16).padStart(2, "0")).join(""));
}
