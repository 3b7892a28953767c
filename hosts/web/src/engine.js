// Models and the node that plays them. The page's parts of code come as text, so that a page opened from a folder (file://) works:
// there neither modules nor workers nor sounds can be fetched.

const inPage = (id) => document.getElementById(id).textContent;
// a worklet from a blob is refused to a page opened from a folder
const asFile = (text) => `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;

export function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

export class Engine {
  /** What shows frames: (frames, size of each, of which model). */
  onframes = () => {};
  /** Peaks of in and out, share of a core. */
  onlevels = () => {};

  async load() {
    this.module = await WebAssembly.compile(bytesOf(inPage("wasm").trim()));
    this.worker = new Worker(asFile(inPage("opener")));
    this.worker.postMessage({ module: this.module });
    this.waiting = new Map();
    this.calls = 0;
    this.worker.onmessage = ({ data: { call, told, wrong } }) => {
      const [good, bad] = this.waiting.get(call);
      this.waiting.delete(call);
      wrong === undefined ? good(told) : bad(new Error(wrong));
    };
    this.settings = {};
  }

  ask(message) {
    const call = ++this.calls;
    this.worker.postMessage({ ...message, call });
    return new Promise((...ways) => this.waiting.set(call, ways));
  }

  /** A model from the bytes of its file, for a host at `rate` Hz. Error says in one sentence what is wrong with it. */
  open(bytes, rate) {
    return this.ask({ open: bytes, rate, id: this.calls });
  }

  /** Frames that a sound would show; null if another model was opened meanwhile. */
  preview(model, sound, settings = this.settings) {
    return this.ask({ preview: model.id, sound, settings });
  }

  /** Where a sound lies in a model: its latents' mean; null if another model was opened meanwhile. */
  place(model, sound) {
    return this.ask({ place: model.id, sound });
  }

  /** The node that plays a model from its first sample on. messages: [sample, message], for tests. */
  async node(context, model, messages = []) {
    await context.audioWorklet.addModule(asFile(inPage("worklet")));
    const one = { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], channelCount: 1, channelCountMode: "explicit" };
    const processorOptions = { module: this.module, model, settings: this.settings, messages };
    return new AudioWorkletNode(context, "melisma", { ...one, processorOptions });
  }

  /** The node that is heard. */
  async start(context, model) {
    this.playing = await this.node(context, model);
    model.image = null;
    this.playing.port.onmessage = ({ data }) => {
      if (!data.frames) return;
      this.onframes(data.frames, data.model);
      this.onlevels(data.peaks, data.busy / ((1000 * 128 * data.quanta) / context.sampleRate));
    };
    return this.playing;
  }

  /** Another model takes over while it plays. */
  change(model) {
    this.playing.port.postMessage({ model }, [model.image]);
  }

  /** Whether the keyboard is what is played, a MIDI message of it, its tone. */
  tell(message) {
    this.playing?.port.postMessage(message);
  }

  set(name, value) {
    this.settings[name] = value;
    this.playing?.port.postMessage({ set: [name, value] });
  }
}
