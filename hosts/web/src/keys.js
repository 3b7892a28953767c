// The keyboard: on the screen, on the computer's keys, and on whatever MIDI is plugged in. Its notes are MIDI messages for the core's
// exciter, whose sound goes through the model.
import { by } from "./dom.js";

const ROW = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon", "Quote"];
const BLACK = [1, 3, 6, 8, 10];
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const ON = 0x90, OFF = 0x80, VELOCITY = 96;

export class Keys {
  /** send(bytes): a MIDI message. */
  constructor(send) {
    Object.assign(this, { send, octave: 4, held: new Map(), pointers: new Map(), on: false });
    const box = by("piano");
    box.addEventListener("pointerdown", (event) => {
      box.setPointerCapture(event.pointerId);
      this.slide(event);
    });
    box.addEventListener("pointermove", (event) => this.pointers.has(event.pointerId) && this.slide(event));
    for (const end of ["pointerup", "pointercancel"]) {
      box.addEventListener(end, (event) => {
        this.release(`pointer ${event.pointerId}`);
        this.pointers.delete(event.pointerId);
      });
    }
    addEventListener("keydown", (event) => {
      if (!this.on || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("select")) return;
      const step = ROW.indexOf(event.code);
      if (step >= 0) this.press(event.code, this.lowest + step, VELOCITY);
      else if (event.code === "KeyZ") this.move(-1);
      else if (event.code === "KeyX") this.move(1);
      else return;
      event.preventDefault();
    });
    addEventListener("keyup", (event) => this.release(event.code));
    addEventListener("blur", () => this.silence());
    for (const [id, step] of [["lower", -1], ["higher", 1]]) by(id).addEventListener("click", () => this.move(step));
    addEventListener("resize", () => this.on && this.draw());
  }

  get lowest() {
    return 12 * (this.octave + 1);
  }

  show(on) {
    this.on = on;
    by("keys").hidden = !on;
    this.silence();
    if (!on) return;
    this.draw();
    this.listen();
  }

  /** What is plugged in, where the browser and its user allow it. */
  async listen() {
    if (this.midi || !navigator.requestMIDIAccess) return;
    try {
      this.midi = await navigator.requestMIDIAccess();
    } catch {
      return; // it was not allowed: the other keys are there
    }
    const hear = () => {
      for (const input of this.midi.inputs.values()) input.onmidimessage = ({ data }) => this.on && data.length < 4 && this.send([...data]);
    };
    hear();
    this.midi.onstatechange = hear;
  }

  move(step) {
    this.silence();
    this.octave = Math.max(1, Math.min(6, this.octave + step));
    this.draw();
  }

  draw() {
    const wide = by("keys").clientWidth, octaves = wide < 560 ? 1 : wide < 1000 ? 2 : 3, first = octaves < 3 ? this.lowest : this.lowest - 12;
    const whites = 7 * octaves + 1;
    if (Number(by("piano").firstChild?.dataset.note) === first && by("piano").childElementCount === 12 * octaves + 1) return;
    by("piano").style.setProperty("--black", `${62 / whites}%`);
    by("piano").replaceChildren(
      ...Array.from({ length: 12 * octaves + 1 }, (_, k) => {
        const key = document.createElement("button"), note = first + k, step = ROW[note - this.lowest];
        key.type = "button";
        key.tabIndex = -1;
        key.dataset.note = note;
        key.classList.toggle("black", BLACK.includes(note % 12));
        key.setAttribute("aria-label", `${NAMES[note % 12]}${Math.floor(note / 12) - 1}`);
        key.textContent = step ? { Semicolon: ";", Quote: "'" }[step] ?? step.slice(3) : "";
        return key;
      }),
    );
    for (const note of this.held.values()) this.light(note, true);
    by("octave").textContent = `${NAMES[0]}${Math.floor(first / 12) - 1} – ${NAMES[0]}${Math.floor(first / 12) - 1 + octaves}`;
  }

  slide(event) {
    const key = document.elementFromPoint(event.clientX, event.clientY)?.closest("#piano button");
    this.pointers.set(event.pointerId, key);
    const name = `pointer ${event.pointerId}`;
    if (!key) return this.release(name);
    const note = Number(key.dataset.note), box = key.getBoundingClientRect();
    if (this.held.get(name) === note) return;
    this.release(name);
    this.press(name, note, Math.round(50 + 77 * Math.max(0, Math.min(1, (event.clientY - box.top) / box.height))));
  }

  /** by: what holds it, a key or a finger. */
  press(holder, note, velocity) {
    if (this.held.has(holder) || note > 127) return;
    this.held.set(holder, note);
    this.send([ON, note, velocity]);
    this.light(note, true);
  }

  release(holder) {
    const note = this.held.get(holder);
    if (note === undefined) return;
    this.held.delete(holder);
    if ([...this.held.values()].includes(note)) return;
    this.send([OFF, note, 0]);
    this.light(note, false);
  }

  silence() {
    for (const holder of [...this.held.keys()]) this.release(holder);
  }

  light(note, on) {
    document.querySelector(`#piano [data-note="${note}"]`)?.classList.toggle("down", on);
  }
}
