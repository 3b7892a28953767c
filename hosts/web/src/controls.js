// What is turned: sliders, and a row's own. A row stands where the square puts it, and what the hand adds to that.
import { by } from "./dom.js";
import { MOST } from "./square.js";
import { SEEN } from "./stage.js";

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

/** An input of type range whose line is lit to where it is, from where it usually stands or from another place. */
export class Slider {
  constructor(input, least, most, usual, turned, from = usual) {
    Object.assign(this, { input, least, most, usual, turned, from });
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
    const [a, b] = [share(this.from), share(this.value)].sort((x, y) => x - y);
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

const PLAYED = { match: 1, "fine.kept": 1 }; // as a transfer, and what is pulled stays in tune

export class Controls {
  /** A row was bent by hand; everything goes back. */
  bent = () => {};
  centred = () => {};

  /** set(name, value): a parameter of the core; moved(): something was. */
  constructor(stage, set, moved) {
    Object.assign(this, { stage, set, moved, sliders: {}, rows: [], hand: [], pulled: () => 0 });
    this.sliders.domain = new Slider(by("domain"), 0, 1, 1, (v) => this.domain(v), 0);
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
  }

  turn(name, value, tell = true) {
    if (name === "scale") for (let k = 1; k <= this.stage.model.latents; k++) this.set(`scale.${k}`, value);
    else if (name === "feedback.frequency") this.set(name, Math.exp(value));
    else this.set(name, value);
    if (tell) this.moved();
  }

  /** From the sound as it is to what match, fine and colour say. */
  domain(value) {
    by("domain").setAttribute("aria-valuetext", `${Math.round(100 * value)} % domain`);
    this.set("domain", value);
    this.moved();
  }

  /** The rows of a model; what was moved stays where there is such a row. */
  of(model) {
    const before = this.hand, box = by("rows");
    this.hand = Array.from({ length: model.latents }, (_, row) => before[row] ?? 0);
    this.stage.bias = [...this.hand];
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
    this.pull(() => 0, false); // where the corners lie in it is not known yet
    for (const [name] of SLIDERS) this.turn(name, this.sliders[name].value, false);
    for (const [name, value] of Object.entries(PLAYED)) this.set(name, value);
    this.set("domain", this.sliders.domain.value);
  }

  /** A row by hand. */
  bend(row, value, tell = true) {
    this.hand[row] = value - this.pulled(row);
    this.place(row, value);
    this.bent();
    if (tell) this.moved();
  }

  /** All rows, by what the square adds to each. */
  pull(by, tell = true) {
    this.pulled = by;
    this.hand.forEach((value, row) => this.place(row, Math.max(-MOST, Math.min(MOST, value + by(row)))));
    if (tell) this.moved();
  }

  place(row, value) {
    if (Math.abs(value) < 1e-6) value = 0;
    this.stage.bias[row] = value;
    this.rows[row].show(value);
    this.rows[row].line.classList.toggle("moved", Math.abs(value) > SEEN);
    this.rows[row].input.setAttribute("aria-valuetext", `${value.toFixed(1)} standard deviations`);
    this.set(`bias.${row + 1}`, value);
  }

  /** Everything as it usually stands. */
  back() {
    for (const slider of Object.values(this.sliders)) slider.to(slider.usual);
    this.hand.fill(0);
    this.centred();
  }
}
