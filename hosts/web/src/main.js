// The page: menus, the start button, what is dropped, what is said.
import { Engine, bytesOf } from "./engine.js";
import { Stage } from "./stage.js";
import { Controls } from "./controls.js";
import { Square } from "./square.js";
import { Keys } from "./keys.js";
import { Sources } from "./sources.js";
import { by } from "./dom.js";

const LEARNT = 3; // seconds of a sound that say where it lies
const MICROPHONE = "microphone", KEYS = "keys", OWN = "own";
const context = new AudioContext({ latencyHint: "interactive" }); // stands still until the start button is pressed
context.suspend(); // a browser may let it run at once
const engine = new Engine(), stage = new Stage(by("mel"), by("lanes")), sources = new Sources(context);
const own = { sound: null, model: null }; // files that were dropped or chosen
let model = null; // the one that is there
let running = false, busy = 0, told = 0, late;

function say(text, wrong = false) {
  by("said").textContent = text;
  by("said").classList.toggle("wrong", wrong);
}

const refuse = (error) => say(error.message, true);
const keys = new Keys((midi) => engine.tell({ midi }));
const controls = new Controls(stage, (name, value) => engine.set(name, value), () => {
  stage.changed = true;
  foresee();
});

const square = new Square(controls, stage, melisma.sounds, async (corner) => {
  const asked = model, sound = corner.kind === "own" ? corner.sound : await soundOf(corner.name);
  return engine.place(asked, sound.getChannelData(0).subarray(0, LEARNT * sound.sampleRate));
});
controls.bent = () => square.puck();
controls.centred = () => square.centre();

// --- what is chosen ---

function catalogue() {
  const group = (label, ...options) => Object.assign(document.createElement("optgroup"), { label }).appendChild(options[0]).parentNode;
  const sounds = Object.entries(melisma.sounds).map(([name, { title }]) => new Option(capital(title), name));
  by("source").append(...sounds, new Option("A sound of yours…", OWN), new Option("Your microphone", MICROPHONE), new Option("Your keyboard", KEYS));
  const models = Object.entries(melisma.models).map(([name, { remark }]) =>
    Object.assign(new Option(remark ? `${name} (not usable yet)` : name, name), { title: remark }));
  by("model").append(...models, new Option("a model of yours…", OWN));
  by("home").hidden = !melisma.home;
  by("licences").textContent = melisma.licences ?? "";
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** A script beside the page, which puts what is in it into `melisma`: a page opened from a folder can fetch nothing else. */
function beside(file) {
  return new Promise((good, bad) => {
    const script = Object.assign(document.createElement("script"), { src: file, onload: good });
    script.onerror = () => bad(new Error(`${file} cannot be read: is it still beside the page?`));
    document.head.append(script);
  });
}

async function chosenSound() {
  const name = by("source").value;
  return name === OWN ? own.sound : soundOf(name);
}

/** One of those beside the page, decoded once. */
async function soundOf(name) {
  const sound = melisma.sounds[name];
  return sound && (await (sound.decoded ??= sources.sound(bytesOf(sound.data).buffer, name)));
}

async function openModel(name) {
  let bytes = name === OWN ? own.model.bytes : null;
  if (!bytes) {
    const entry = melisma.models[name];
    if (!entry.data) await beside(entry.file);
    bytes = bytesOf(entry.data);
  }
  try {
    return await engine.open(bytes, context.sampleRate);
  } catch (error) {
    throw new Error(`${name === OWN ? own.model.name : name}: ${error.message}`);
  }
}

async function chooseModel() {
  const name = by("model").value;
  if (name === OWN && !own.model) return by("modelfile").click();
  say(`${capital(name === OWN ? own.model.name : name)} is read …`);
  try {
    const opened = await openModel(name);
    model = opened;
    if (running) engine.change(opened);
    show(opened);
    say(running ? playing() : READY);
  } catch (error) {
    refuse(error);
  }
  words();
}

function show(opened) {
  stage.of(opened);
  controls.of(opened);
  facts();
  by("start").disabled = false;
  foresee(0);
  square.of();
}

async function chooseSource() {
  const name = by("source").value;
  if (name === OWN && !own.sound) return by("file").click();
  words();
  keys.show(name === KEYS);
  try {
    if (running) await route();
    else foresee(0);
    if (name !== MICROPHONE || !running) say(running ? playing() : READY);
  } catch (error) {
    refuse(error);
  }
}

async function route() {
  engine.tell({ keys: by("source").value === KEYS });
  if (by("source").value === KEYS) return sources.stop();
  if (by("source").value === MICROPHONE) {
    await sources.listen(engine.playing);
    say("It hears you. With loudspeakers it hears itself, too: headphones keep it to you.");
  } else {
    sources.play(await chosenSound(), engine.playing);
  }
}

function words() {
  const chosen = (menu) => menu.selectedOptions[0]?.textContent ?? "";
  const sound = chosen(by("source"));
  by("from").textContent = sound.toLowerCase();
  by("to").textContent = chosen(by("model"));
  for (const menu of [by("source"), by("model")]) fit(menu);
}

/** A menu as wide as what is chosen, where the browser does not do so by itself. */
function fit(menu) {
  if (CSS.supports("field-sizing", "content")) return;
  const word = Object.assign(document.createElement("span"), { className: "unseen", textContent: menu.selectedOptions[0]?.textContent });
  Object.assign(word.style, { width: "auto", clipPath: "none", visibility: "hidden", font: getComputedStyle(menu).font });
  menu.after(word);
  menu.style.width = `${word.getBoundingClientRect().width * 1.02}px`;
  word.remove();
}

// --- what is heard ---

const READY = "Press Start. What you see is what you will hear: time goes to the right, what is bright is loud; under it, the path.";

const PLAYING = "Pull the dot, bend a row, change the sound or the model while it plays. A double click puts a thing back.";

const PLAY = "The keys A to ’ and W to P play, Z and X change the octave; fingers do, and MIDI. Lower on a key is louder.";
const playing = () => (by("source").value === KEYS ? PLAY : PLAYING);

async function start() {
  by("start").disabled = true;
  try {
    await context.resume();
    if (!engine.playing) (await engine.start(context, model)).connect(context.destination);
    engine.tell({ tone: ["width", PULSE] });
    for (const tell of tones) tell();
    running = true;
    document.body.classList.add("playing");
    by("start").querySelector("span").textContent = "Stop";
    say(playing());
    await route();
  } catch (error) {
    refuse(error);
    if (!engine.playing) await stop(false);
  }
  by("start").disabled = false;
}

async function stop(tell = true) {
  running = false;
  sources.stop();
  await context.suspend();
  document.body.classList.remove("playing");
  by("start").querySelector("span").textContent = "Start";
  by("meter").style.setProperty("--level", 0);
  if (tell) say(READY);
}

/** While nothing plays: the stage shows what would. */
async function foresee(after = 120) {
  clearTimeout(late);
  if (running || !model) return;
  late = setTimeout(async () => {
    const asked = model, sound = await chosenSound();
    if (!sound || sound.length > 30 * sound.sampleRate) return;
    const frames = await engine.preview(asked, sound.getChannelData(0));
    if (!frames?.length || asked !== model || running) return;
    const rounds = Math.ceil(stage.length / frames.length);
    stage.of(asked);
    for (let round = 0; round < rounds; round++) for (const frame of frames) stage.add(frame);
  }, after);
}

engine.onframes = (frames, of) => of === stage.model.id && stage.add(frames);
const height = (peak) => Math.max(0, Math.min(1, 1 + (20 * Math.log10(peak + 1e-9)) / 60));
let level = 0, peak = 0;
engine.onlevels = ([, out], share) => {
  level = Math.max(height(out), level - 0.02);
  peak = Math.max(height(out), peak - 0.006);
  busy += Math.max(0.01, 1 / ++told) * (share - busy); // a thread's clock has whole milliseconds: only a mean says much
};

function facts() {
  const seconds = model.latency / context.sampleRate + (context.outputLatency || context.baseLatency || 0);
  const gaps = context.playbackStats?.underrunEvents ?? context.playoutStats?.fallbackFramesEvents ?? 0;
  const parts = [`${Math.round(1000 * seconds)} ms late`, `${context.sampleRate / 1000} kHz`];
  if (running) parts.push(...(told > 50 ? [`${Math.round(100 * busy)} % of a core`] : []), ...(gaps ? [gaps === 1 ? "1 gap" : `${gaps} gaps`] : []));
  by("facts").textContent = parts.join(" · ");
}

function draw() {
  requestAnimationFrame(draw);
  if (!stage.length || document.hidden) return;
  if (stage.changed) square.draw();
  stage.draw();
  if (!running) return;
  by("meter").style.setProperty("--level", level);
  by("meter").style.setProperty("--peak", peak);
}

// --- hands ---

by("start").addEventListener("click", () => (running ? stop() : start()));
by("source").addEventListener("change", chooseSource);
by("model").addEventListener("change", chooseModel);
by("dry").addEventListener("click", () => {
  const on = by("dry").getAttribute("aria-pressed") !== "true";
  by("dry").setAttribute("aria-pressed", String(on));
  engine.set("mix", on ? 0 : 1);
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select")) return;
  if (event.key.toLowerCase() === "o" && !keys.on) by("dry").click();
  else if (event.key === " " && !event.target.closest("button") && !by("start").disabled) by("start").click();
  else return;
  event.preventDefault();
});
const PULSE = 0.1; // where keyboards begin, as in melisma.play
const tones = [["tone", "shape"], ["air", "air"]].map(([id, name]) => {
  const tell = () => engine.tell({ tone: [name, by(id).valueAsNumber] });
  by(id).addEventListener("input", tell);
  return tell;
});
addEventListener("resize", () => ((stage.changed = true), words()));

/** A file of the user's: a model by its name, else a sound, to be played or for a corner of the square. */
async function take(file, corner = -1) {
  if (!file) return;
  try {
    if (corner >= 0 && !file.name.toLowerCase().endsWith(".melisma")) {
      const sound = await sources.sound(await file.arrayBuffer(), file.name);
      return void square.put(corner, { kind: "own", name: file.name.replace(/\.[^.]*$/, ""), sound });
    }
    if (file.name.toLowerCase().endsWith(".melisma")) {
      own.model = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
      by("model").querySelector(`[value="${OWN}"]`).textContent = file.name.replace(/\.melisma$/i, "");
      by("model").value = OWN;
      await chooseModel();
    } else {
      own.sound = await sources.sound(await file.arrayBuffer(), file.name);
      by("source").querySelector(`[value="${OWN}"]`).textContent = file.name;
      by("source").value = OWN;
      await chooseSource();
    }
  } catch (error) {
    refuse(error);
  }
}
for (const id of ["file", "modelfile"]) {
  by(id).addEventListener("change", () => take(by(id).files[0]));
  by(id).addEventListener("cancel", () => {
    // nothing was chosen: what plays stays
    const menu = by(id === "file" ? "source" : "model");
    menu.value = menu.dataset.before;
    words();
  });
}
for (const menu of [by("source"), by("model")]) menu.addEventListener("change", () => menu.value !== OWN && (menu.dataset.before = menu.value));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const corner = event.target.closest?.(".field") ? square.nearest(event) : -1;
  for (const file of event.dataTransfer.files) take(file, corner);
});

// --- begin ---

Object.assign(melisma, { Engine, engine, context, stage, controls, square, take, level: () => level });
catalogue();
for (const menu of [by("source"), by("model")]) menu.dataset.before = menu.value;
words();
setInterval(() => model && facts(), 500);
draw();
engine.load().then(chooseModel, () => refuse(new Error("This browser is too old to play: it needs WebAssembly with SIMD, and audio worklets.")));
