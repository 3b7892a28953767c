// node golden.mjs MELISMA.wasm MODEL.melisma OUT: runs the model's golden pair through the core in WebAssembly, in blocks of many
// sizes, writes the output (float32) to OUT and prints what else a host may ask, as one line of JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { load } from "../wasm/melisma.js";

const [wasm, file, out] = process.argv.slice(2);
const bytes = readFileSync(wasm), core = await load(bytes), model = core.open(readFileSync(file));
const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).length;

function run(stream, sizes) {
  const input = new Float32Array(model.golden.input.length + model.hop), output = new Float32Array(input.length);
  input.set(model.golden.input);
  for (let at = 0, k = 0; at < input.length; k++) {
    const end = Math.min(at + sizes[k % sizes.length], input.length);
    stream.process(input.subarray(at, end), output.subarray(at, end));
    at = end;
  }
  return output.slice(model.hop);
}

const same = (a, b) => a.every((value, i) => Object.is(value, b[i]));
const stream = model.stream(), other = model.stream(48000), size = core.call.memory.buffer.byteLength;
const whole = run(stream, [1 << 20]);
writeFileSync(out, new Uint8Array(whole.buffer));

stream.reset();
const cut = run(stream, [1, 128, 7, 512, 3000]);
stream.set("mix", 0);
const got = stream.get("mix");
stream.reset();
run(stream, [128]); // the smoothing of the parameter reaches its end
stream.set("mix", 1);
run(stream, [128]);
const bad = new Float32Array(5000).fill(NaN), heard = new Float32Array(5000);
stream.process(bad, heard);
const finite = heard.every(Number.isFinite);
stream.reset();
const again = run(stream, [333]);

const grown = core.call.memory.buffer.byteLength - size;
const sentences = [new Uint8Array(0), new Uint8Array(50), readFileSync(file).subarray(0, 9000)].map((damaged) => {
  try {
    core.open(damaged);
  } catch (error) {
    return error.message;
  }
});
// many streams: the memory moves, and old ones go on
const more = Array.from({ length: 40 }, () => model.stream());
const moved = core.call.memory.buffer.byteLength - size;
stream.reset();
const after = run(stream, [1000]);
for (const one of [stream, other, ...more]) one.free();
model.close();
console.log(JSON.stringify({
  imports, grown, moved, sentences, got, finite, cut: same(cut, whole), again: same(again, whole), after: same(after, whole),
  name: model.name, kernels: model.kernels, latency: stream.latency, latency48: other.latency,
  parameters: model.parameters, percentiles: [...model.percentiles],
}));
