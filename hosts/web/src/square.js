// The square. Its corners are places in the latent space: those where a sound lies in this model, or random ones. In the middle the
// path is as it is; towards a corner all latents go to its place. Or it stands over two latents alone.
import { by, fitted } from "./dom.js";

export const MOST = 3; // standard deviations that a row is moved by at most
const TRAIL = 90; // frames that are seen
const SPREAD = 1.3; // standard deviation of a random place: further out than most of what was learnt
const CORNERS = ["Top left", "Top right", "Bottom left", "Bottom right"], SIDES = [[-1, 1], [1, 1], [-1, -1], [1, -1]];

/** How much of each corner there is at a place of the square, x and y from −1 to 1: none in the middle, in a corner that one alone. */
export function weights(x, y) {
  const far = Math.max(Math.abs(x), Math.abs(y));
  return SIDES.map(([sx, sy]) => (far ? (far * (1 + (sx * x) / far) * (1 + (sy * y) / far)) / 4 : 0));
}

/** Numbers of a normal distribution, the same for the same seed. */
function normals(seed, count) {
  let state = (seed * 0x9e3779b9) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next()));
}

export class Square {
  /** sounds: name → title; placeOf(corner): a promise of the latents where a sound lies; controls: whose rows it moves. */
  constructor(controls, stage, sounds, placeOf) {
    Object.assign(this, { controls, stage, sounds, placeOf, x: 0, y: 0, places: [null, null, null, null], seed: 0 });
    const first = Object.keys(sounds).slice(1, 4);
    this.corners = CORNERS.map((_, k) => (first[k] ? { kind: "sound", name: first[k] } : this.random()));
    this.menus = CORNERS.map((name, k) => this.menu(name, k));
    this.hands();
  }

  get latents() {
    return by("two").checked;
  }

  // --- corners ---

  random() {
    return { kind: "random", seed: ++this.seed };
  }

  label(corner) {
    if (corner.kind === "random") return `random ${corner.seed}`;
    return corner.kind === "sound" ? bare(this.sounds[corner.name].title) : corner.name;
  }

  menu(name, k) {
    const menu = document.createElement("select");
    menu.className = "corner";
    menu.setAttribute("aria-label", `${name} corner`);
    menu.addEventListener("change", () => this.choose(k, menu.value));
    by("square").after(menu);
    this.fill(menu, k);
    return menu;
  }

  /** What it is now first, then what it can be. */
  fill(menu, k) {
    const corner = this.corners[k], sounds = Object.entries(this.sounds).map(([name, { title }]) => new Option(bare(title), `sound ${name}`));
    const now = corner.kind === "sound" ? [] : [new Option(this.label(corner), "now")];
    menu.replaceChildren(...now, ...sounds, new Option("a random place", "random"), new Option("where it is now", "here"));
    menu.value = corner.kind === "sound" ? `sound ${corner.name}` : "now";
  }

  choose(k, what) {
    const [kind, name] = what.split(" ");
    if (kind === "sound") this.put(k, { kind, name });
    if (kind === "random") this.put(k, this.random());
    if (kind === "here") this.put(k, { kind: "place", name: `place ${++this.seed}`, place: [...this.stage.bias] });
  }

  put(k, corner) {
    this.corners[k] = corner;
    this.fill(this.menus[k], k);
    return this.find(k);
  }

  /** The corner next to where the pointer is. */
  nearest({ clientX, clientY }) {
    const box = by("square").getBoundingClientRect();
    return Number(clientX > box.left + box.width / 2) + 2 * Number(clientY > box.top + box.height / 2);
  }

  /** Where the corner lies in the model that is there now. */
  async find(k) {
    const corner = this.corners[k], { model } = this.stage, rows = model.latents;
    this.places[k] = null;
    if (corner.kind === "random") this.places[k] = normals(corner.seed, rows).map((v) => SPREAD * v);
    else if (corner.kind === "place") this.places[k] = Array.from({ length: rows }, (_, row) => corner.place[row] ?? 0);
    else {
      const place = await this.placeOf(corner).catch(() => null);
      if (!place || this.corners[k] !== corner || this.stage.model !== model) return; // another was chosen meanwhile
      this.places[k] = [...place];
    }
    this.places[k] = this.places[k].map((v) => Math.max(-MOST, Math.min(MOST, v)));
    this.moved();
  }

  /** Another model: every corner lies elsewhere. */
  async of() {
    for (const k of CORNERS.keys()) await this.find(k);
  }

  // --- the dot ---

  /** What the corners add to each latent. */
  blend() {
    const share = weights(this.x, this.y);
    return (row) => this.places.reduce((sum, place, k) => sum + (place ? share[k] * (place[row] ?? 0) : 0), 0);
  }

  to(x, y, tell = true) {
    const held = (v) => Math.max(-1, Math.min(1, v));
    [x, y] = [held(x), held(y)];
    if (this.latents) {
      const [across, up] = this.axes;
      this.controls.bend(across, MOST * x, false);
      this.controls.bend(up, MOST * y, tell);
    } else {
      Object.assign(this, { x, y });
      this.moved(tell);
    }
  }

  centre() {
    Object.assign(this, { x: 0, y: 0 });
    this.moved();
  }

  moved(tell = true) {
    this.controls.pull(this.blend(), tell);
    this.puck();
    this.stage.changed = true;
  }

  get axes() {
    return [by("across"), by("up")].map((menu) => Number(menu.value));
  }

  get at() {
    return this.latents ? this.axes.map((row) => (this.stage.bias[row] ?? 0) / MOST) : [this.x, this.y];
  }

  puck() {
    const [x, y] = this.at, puck = document.querySelector(".puck");
    puck.style.left = `${50 + 50 * x}%`;
    puck.style.top = `${50 - 50 * y}%`;
    const share = weights(this.x, this.y), [across, up] = this.axes;
    const said = this.corners.map((corner, k) => [Math.round(100 * share[k]), this.label(corner)]).filter(([percent]) => percent);
    by("square").setAttribute("aria-valuenow", Math.round(100 * x));
    by("square").setAttribute(
      "aria-valuetext",
      this.latents
        ? `latent ${across + 1} ${(MOST * x).toFixed(1)}, latent ${up + 1} ${(MOST * y).toFixed(1)}`
        : said.map(([percent, name]) => `${name} ${percent} %`).join(", ") || "in the middle, as it is",
    );
    this.menus.forEach((menu, k) => menu.style.setProperty("--share", this.latents ? 0 : share[k]));
  }

  hands() {
    const pad = by("square");
    const place = ({ clientX, clientY }) => {
      const box = pad.getBoundingClientRect(), soft = (v) => (Math.abs(v) < 0.04 ? 0 : v); // the middle is found again
      this.to(soft((2 * (clientX - box.left)) / box.width - 1), soft(1 - (2 * (clientY - box.top)) / box.height));
    };
    pad.addEventListener("pointerdown", (event) => {
      pad.setPointerCapture(event.pointerId);
      place(event);
    });
    pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && place(event));
    pad.addEventListener("dblclick", () => this.to(0, 0));
    pad.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const step = event.shiftKey ? 0.02 : 0.1, [x, y] = this.at;
      this.to(x + step * way[0], y + step * way[1]);
    });
    for (const menu of [by("across"), by("up")]) menu.addEventListener("change", () => this.show());
    for (const kind of [by("four"), by("two")]) kind.addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    document.querySelector(".square").classList.toggle("two", this.latents);
    this.puck();
    this.stage.changed = true;
  }

  // --- what is seen ---

  /** Frames as places of the square: two latents, or the least-squares place between the corners. */
  project() {
    if (this.latents) {
      const [across, up] = this.axes;
      return (frame) => [frame[across] / MOST, frame[up] / MOST];
    }
    if (this.places.some((place) => !place)) return null;
    const axis = (side) => this.places[0].map((_, row) => this.places.reduce((sum, place, k) => sum + (SIDES[k][side] * place[row]) / 4, 0));
    const a = axis(0), b = axis(1), dot = (u, v) => u.reduce((sum, value, row) => sum + value * v[row], 0);
    const aa = dot(a, a) + 1e-6, bb = dot(b, b) + 1e-6, ab = dot(a, b), det = aa * bb - ab * ab;
    if (det < 1e-3 * aa * bb) return null; // corners in one line
    return (frame) => {
      const fa = dot(a, frame), fb = dot(b, frame);
      return [(bb * fa - ab * fb) / det, (aa * fb - ab * fa) / det];
    };
  }

  draw() {
    const { context, width, height } = fitted(document.querySelector("#square canvas"));
    context.clearRect(0, 0, width, height);
    if (!this.latents) {
      const share = weights(this.x, this.y);
      SIDES.forEach(([sx, sy], k) => {
        const x = width * (sx > 0), y = height * (sy < 0), glow = context.createRadialGradient(x, y, 0, x, y, 0.75 * width);
        glow.addColorStop(0, `rgb(79 209 197 / ${0.05 + 0.3 * share[k]})`);
        glow.addColorStop(1, "rgb(79 209 197 / 0)");
        context.fillStyle = glow;
        context.fillRect(0, 0, width, height);
      });
    }
    context.fillStyle = "#22262e";
    context.fillRect(width / 2, 0, 1, height);
    context.fillRect(0, height / 2, width, 1);
    const project = this.project();
    if (!project) return;
    const places = this.stage.last(TRAIL).map(project).map(([x, y]) => [width * (0.5 + within(x) / 2), height * (0.5 - within(y) / 2)]);
    for (let k = places.length - 1; k > 0; k--) {
      const fresh = 1 - k / TRAIL;
      context.strokeStyle = `rgb(231 233 238 / ${0.9 * fresh * fresh})`;
      context.lineWidth = 1 + 1.6 * fresh;
      context.beginPath();
      context.moveTo(...places[k]);
      context.lineTo(...places[k - 1]);
      context.stroke();
    }
    if (!places.length) return;
    context.fillStyle = "#e7e9ee";
    context.beginPath();
    context.arc(...places[0], 4, 0, 7);
    context.fill();
  }
}

// what lies beyond the corners is drawn at the edge
const within = (v) => (0.98 * v) / (1 + v ** 4) ** 0.25;
const bare = (title) => title.replace(/^(an?|the) /i, "");
