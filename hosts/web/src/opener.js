// The worker: models are opened here, beside the page and beside the audio. What the audio thread gets is the memory of a core that
// has the model open and a stream made: copying it takes no time to speak of, and no SharedArrayBuffer.
import { Core } from "../../../core/wasm/melisma.js";

let module;
const opened = new Map(); // id of a model → its stream, for previews
const SILENT = -50; // dBFS
const WARM = 300; // blocks run before: the engine compiles what is run often anew, and faster, for all threads of the page

onmessage = async ({ data }) => {
  if (data.module) return void (module = data.module);
  try {
    const { told, move } = data.open ? open(data) : { told: data.place === undefined ? preview(data) : place(data), move: [] };
    postMessage({ call: data.call, told }, move);
  } catch (error) {
    postMessage({ call: data.call, wrong: error.message });
  }
};

function open({ open: bytes, rate, id }) {
  const core = new Core(module), model = core.open(bytes), stream = model.stream(rate);
  const block = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i) / 10), heard = new Float32Array(128);
  const usual = ["match", "fine", "colour"].map((name) => [name, stream.get(name)]);
  for (const [name] of usual) stream.set(name, 1);
  for (let i = 0; i < WARM; i++) stream.process(block, heard);
  for (const [name, value] of usual) stream.set(name, value);
  stream.reset();
  for (const other of opened.keys()) opened.delete(other);
  opened.set(id, { stream, model });
  const exciter = core.call.melisma_exciter_new(rate), exciterNames = {}; // the names' places, for it is set by name
  for (let i = 0; i < core.call.melisma_exciter_parameter_count(); i++) {
    const { name } = core.read(core.call.melisma_exciter_parameter_at(i), { name: [0, "pointer"] });
    exciterNames[core.text(name)] = name;
  }
  const { name, latents, bands, hop, sampleRate, parameters, percentiles, kernels } = model;
  const image = core.call.memory.buffer.slice(0);
  const told = {
    id, rate, name, latents, bands, hop, sampleRate, parameters, percentiles, kernels, latency: stream.latency, timbre: timbre(bytes),
    image, exciter, exciterNames, stream: stream.handle, samples: stream.place, shown: stream.shown, index: Object.fromEntries(stream.index),
  };
  return { told, move: [image] };
}

/** The frames that a sound would show with these settings, each latents, loudness and mel, one after the other. */
function preview({ preview: id, sound, settings }) {
  const { stream, model } = opened.get(id) ?? {};
  if (!stream) return null; // another model was opened meanwhile
  for (const [name, value] of Object.entries(settings)) stream.set(name, value);
  stream.reset();
  const size = model.latents + 1 + model.bands, frames = [], block = new Float32Array(128);
  for (let at = 0, count = 0; at < sound.length; at += 128) {
    block.fill(0);
    block.set(sound.subarray(at, at + 128));
    stream.process(block, block);
    const now = stream.lastFrame();
    if (now === count) continue;
    count = now;
    const frame = new Float32Array(size);
    frame.set(stream.latents);
    frame[model.latents] = stream.loudness[0];
    frame.set(stream.mel, model.latents + 1);
    frames.push(frame);
  }
  return frames;
}

/** The mean of a sound's latents while it sounds, as the model reads them: before any of the settings. */
function place({ place: id, sound }) {
  const { stream, model } = opened.get(id) ?? {};
  if (!stream) return null;
  for (const { name, defaultValue } of model.parameters) stream.set(name, defaultValue);
  stream.reset();
  const sum = new Float64Array(model.latents), block = new Float32Array(512);
  let frames = 0;
  for (let at = 0, count = 0; at + 512 <= sound.length; at += 512) {
    stream.process(sound.subarray(at, at + 512), block);
    const now = stream.lastFrame();
    if (now === count || stream.loudness[0] < SILENT) continue;
    count = now;
    frames++;
    for (let row = 0; row < model.latents; row++) sum[row] += stream.latents[row];
  }
  return Float32Array.from(sum, (value) => value / Math.max(1, frames));
}

/** Which latents shape the timbre, counted from 0: written in the file's header, JSON within JSON. */
function timbre(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return JSON.parse(header.__metadata__.melisma).latents?.timbre ?? [];
}
