// What is turned: sliders, a row's own, and the square over two rows.
import { by, fitted } from "./dom.js";

const MOST = 3; // standard deviations that a row is moved by at most
const TRAIL = 90; // frames that are seen in the square

const decibels = (v) => `${v > 0 ? "+" : ""}${Math.round(v) || 0} dB`;
const hertz = (v) => (v < 1000 ? `${v.toPrecision(3)} Hz` : `${(v / 1000).toPrecision(3)} kHz`);
// name of the parameter → label, what it does, range, where it usually stands, how it is said
export const SLIDERS = [
  ["fine", "Fine", "How much of the sound's own fine structure is kept: its partials, so its pitch", 0, 1, 1, (v) => v.toFixed(2)],
  ["colour", "Colour", "How much of the sound's own colour is kept, which the domain has not", 0, 1, 0, (v) => v.toFixed(2)],
  ["scale", "Gesture", "How far the path moves: 0 stands still, 1 is the sound's own", 0, 3, 1, (v) => `${v.toFixed(2)} ×`],
  ["randomize", "Wander", "How far the path wanders by itself, in standard deviations", 0, 3, 0, (v) => `${v.toFixed(2)} σ`],
  ["loudness.offset", "Loudness", "Added to the loudness of whatever is not silent", -24, 12, 0, decibels],
  ["feedback", "Feedback", "How much of what it plays comes back to its input", 0, 4, 0, (v) => `${v.toFixed(2)} ×`],
  ["feedback.frequency", "… around", "The middle of the band that comes back", Math.log(40), Math.log(4840), Math.log(440), (v) => hertz(Math.exp(v))],
];

/** An input of type range whose line is lit from where it usually stands to where it is. */
export class Slider {
  constructor(input, least, most, usual, turned) {
    Object.assign(this, { input, least, most, usual, turned });
    Object.assign(input, { type: "range", min: least, max: most, step: (most - least) / 300 });
    input.addEventListener("input", () => {
      if (Math.abs(input.valueAsNumber - usual) < (most - least) / 60) input.value = usual; // it is found again
      this.moved();
    });
    input.addEventListener("dblclick", () => this.to(usual));
    this.show(usual);
  }

  get value() {
    return this.input.valueAsNumber;
  }

  show(value) {
    this.input.value = value;
    const share = (v) => (100 * (v - this.least)) / (this.most - this.least);
    const [a, b] = [share(this.usual), share(this.value)].sort((x, y) => x - y);
    this.input.style.setProperty("--least", a);
    this.input.style.setProperty("--most", b);
  }

  to(value) {
    this.show(value);
    this.moved();
  }

  moved() {
    this.show(this.value);
    this.turned(this.value);
  }
}

export class Controls {
  /** set(name, value): a parameter of the core; moved(): something was. */
  constructor(stage, set, moved) {
    Object.assign(this, { stage, set, moved, sliders: {}, rows: [] });
    this.sliders.domain = new Slider(by("domain"), 0, 1, 1, (v) => this.domain(v));
    for (const [name, label, does, least, most, usual, say] of SLIDERS) {
      const input = document.createElement("input"), output = document.createElement("output"), box = document.createElement("label");
      box.className = "slider";
      box.title = does;
      box.append(label, input, output);
      by("sliders").append(box);
      const slider = new Slider(input, least, most, usual, (v) => {
        this.told(name);
        this.turn(name, v);
      });
      this.sliders[name] = slider;
      this.told = (one) => {
        const [, , , , , , saying] = SLIDERS.find(([other]) => other === one);
        const text = saying(this.sliders[one].value);
        this.sliders[one].output.textContent = text;
        this.sliders[one].input.setAttribute("aria-valuetext", text);
      };
      slider.output = output;
      this.told(name);
    }
    by("reset").addEventListener("click", () => this.back());
    this.square();
  }

  turn(name, value, tell = true) {
    if (name === "scale") for (let k = 1; k <= this.stage.model.latents; k++) this.set(`scale.${k}`, value);
    else if (name === "feedback.frequency") this.set(name, Math.exp(value));
    else this.set(name, value);
    if (tell) this.moved();
  }

  /** From the sound as it is to the domain: its timbre put in the domain's place, and its own colour taken away. */
  domain(value) {
    by("domain").setAttribute("aria-valuetext", `${Math.round(100 * value)} % domain`);
    this.sliders.colour.show(1 - value);
    this.told("colour");
    this.set("colour", 1 - value);
    this.set("match", value);
    this.moved();
  }

  /** The rows of a model; what was moved stays where there is such a row. */
  of(model) {
    const before = this.stage.bias, box = by("rows");
    this.stage.bias = Array.from({ length: model.latents }, (_, row) => before[row] ?? 0);
    for (const old of box.querySelectorAll(".row")) old.remove();
    const kind = (row) => (model.timbre.includes(row) ? "timbre" : "pitch");
    this.rows = this.stage.bias.map((bias, row) => {
      const line = document.createElement("label"), input = document.createElement("input"), name = document.createElement("span");
      line.className = "row";
      name.append(Object.assign(document.createElement("b"), { textContent: row + 1 }));
      if (model.timbre.length) name.append(Object.assign(document.createElement("i"), { textContent: kind(row) }));
      line.title = `Latent ${row + 1}${model.timbre.length ? `, ${kind(row)}` : ""}: moves it by up to ${MOST} σ`;
      input.setAttribute("aria-label", `Latent ${row + 1}`);
      line.append(name, input);
      box.append(line);
      const slider = new Slider(input, -MOST, MOST, 0, (value) => this.bend(row, value));
      slider.line = line;
      return slider;
    });
    const first = [...model.timbre, ...Array.from({ length: model.latents }, (_, row) => row)];
    for (const [menu, row] of [[by("across"), first[0]], [by("up"), first.find((other) => other !== first[0]) ?? first[0]]]) {
      const chosen = menu.value;
      menu.replaceChildren(...this.rows.map((_, k) => new Option(String(k + 1), k)));
      menu.value = chosen !== "" && chosen < model.latents ? chosen : row;
    }
    this.stage.bias.forEach((bias, row) => this.bend(row, bias, false));
    for (const [name] of SLIDERS) this.turn(name, this.sliders[name].value, false);
    this.set("match", this.sliders.domain.value);
  }

  bend(row, value, tell = true) {
    this.stage.bias[row] = value;
    this.rows[row].show(value);
    this.rows[row].line.classList.toggle("moved", value !== 0);
    this.rows[row].input.setAttribute("aria-valuetext", `${value.toFixed(1)} standard deviations`);
    this.set(`bias.${row + 1}`, value);
    this.puck();
    if (tell) this.moved();
  }

  get axes() {
    return [by("across"), by("up")].map((menu) => Number(menu.value));
  }

  square() {
    const pad = by("square");
    const place = (event) => {
      const box = pad.getBoundingClientRect(), [across, up] = this.axes;
      const share = (at, from, length) => Math.max(-1, Math.min(1, (2 * (at - from)) / length - 1));
      this.bend(across, MOST * share(event.clientX, box.left, box.width), false);
      this.bend(up, -MOST * share(event.clientY, box.top, box.height));
    };
    pad.addEventListener("pointerdown", (event) => {
      pad.setPointerCapture(event.pointerId);
      place(event);
    });
    pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && place(event));
    pad.addEventListener("dblclick", () => this.axes.forEach((row) => this.bend(row, 0)));
    pad.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const row = this.axes[way[0]];
      this.bend(row, Math.max(-MOST, Math.min(MOST, this.stage.bias[row] + way[1] * (event.shiftKey ? 0.05 : 0.25))));
    });
    for (const menu of [by("across"), by("up")]) menu.addEventListener("change", () => (this.puck(), (this.stage.changed = true)));
  }

  puck() {
    const [across, up] = this.axes, { bias } = this.stage, puck = document.querySelector(".puck");
    puck.style.left = `${50 + (50 * (bias[across] ?? 0)) / MOST}%`;
    puck.style.top = `${50 - (50 * (bias[up] ?? 0)) / MOST}%`;
    by("square").setAttribute("aria-valuenow", Math.round((100 * (bias[across] ?? 0)) / MOST));
    by("square").setAttribute("aria-valuetext", `latent ${across + 1} ${(bias[across] ?? 0).toFixed(1)}, latent ${up + 1} ${(bias[up] ?? 0).toFixed(1)}`);
  }

  /** The way that the path takes through the square: the newest is brightest. */
  draw() {
    const { context, width, height } = fitted(document.querySelector("#square canvas"));
    context.clearRect(0, 0, width, height);
    context.fillStyle = "#22262e";
    context.fillRect(width / 2, 0, 1, height);
    context.fillRect(0, height / 2, width, 1);
    const x = (v) => width * (0.5 + v / 2 / MOST), y = (v) => height * (0.5 - v / 2 / MOST);
    const places = this.stage.trail(...this.axes, TRAIL);
    for (let k = places.length - 1; k > 0; k--) {
      const fresh = 1 - k / TRAIL;
      context.strokeStyle = `rgb(231 233 238 / ${0.7 * fresh * fresh})`;
      context.lineWidth = 1 + 1.6 * fresh;
      context.beginPath();
      context.moveTo(x(places[k][0]), y(places[k][1]));
      context.lineTo(x(places[k - 1][0]), y(places[k - 1][1]));
      context.stroke();
    }
    if (!places.length) return;
    context.fillStyle = "#e7e9ee";
    context.beginPath();
    context.arc(x(places[0][0]), y(places[0][1]), 4, 0, 7);
    context.fill();
  }

  /** Everything as it usually stands. */
  back() {
    for (const slider of Object.values(this.sliders)) slider.to(slider.usual);
    this.rows.forEach((_, row) => this.bend(row, 0));
  }
}
