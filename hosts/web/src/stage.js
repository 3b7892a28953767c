// What is played, as it goes by: the mel of what is heard, and under it the path in its rows. Now is at the right edge.

import { fitted } from "./dom.js";

export const SECONDS = 6; // that are seen at once
export const SEEN = 0.3; // standard deviations from which a row counts as moved
const SPAN = 2.8; // standard deviations from a row's middle to its edge
// Magma (Smith and van der Walt, CC0), every 16th entry
const MAGMA = [
  0x000004, 0x0b0924, 0x20114b, 0x3b0f70, 0x57157e, 0x721f81, 0x8c2981, 0xa8327d, 0xc43c75, 0xde4968, 0xf1605d, 0xfa7f5e,
  0xfe9f6d, 0xfebf84, 0xfddea0, 0xfcfdbf,
];
const COLOURS = Uint32Array.from({ length: 256 }, (_, i) => {
  const at = (Math.min(200, Math.max(0, i - 40)) / 200) * (MAGMA.length - 1); // below −85 dB black, above −5 dB white
  const a = MAGMA[Math.floor(at)], b = MAGMA[Math.min(Math.floor(at) + 1, MAGMA.length - 1)];
  const mix = (shift) => Math.round(((a >> shift) & 255) + (((b >> shift) & 255) - ((a >> shift) & 255)) * (at % 1));
  return 0xff000000 | (mix(0) << 16) | (mix(8) << 8) | mix(16); // ABGR
});

export class Stage {
  constructor(mel, lanes) {
    Object.assign(this, { mel, lanes, bias: [], length: 0 });
  }

  /** As wide as SECONDS of this model, and empty. */
  of(model) {
    this.model = model;
    this.size = model.latents + 1 + model.bands;
    this.length = Math.round((SECONDS * model.sampleRate) / model.hop);
    this.frames = new Float32Array(this.length * this.size).fill(0);
    this.filled = 0;
    this.at = 0; // where the next frame goes
    this.picture = Object.assign(document.createElement("canvas"), { width: this.length, height: model.bands }).getContext("2d");
    this.column = this.picture.createImageData(1, model.bands);
    this.pixels = new Uint32Array(this.column.data.buffer);
    this.picture.fillStyle = "#000004";
    this.picture.fillRect(0, 0, this.length, model.bands);
    this.changed = true;
  }

  /** Frames one after the other in an array. */
  add(frames) {
    const { latents, bands } = this.model;
    for (let from = 0; from + this.size <= frames.length; from += this.size) {
      const frame = frames.subarray(from, from + this.size);
      this.frames.set(frame, this.at * this.size);
      for (let j = 0; j < bands; j++) {
        this.pixels[bands - 1 - j] = COLOURS[Math.max(0, Math.min(255, Math.round(frame[latents + 1 + j] * 255)))];
      }
      this.picture.putImageData(this.column, this.at, 0);
      this.at = (this.at + 1) % this.length;
      this.filled = Math.min(this.length, this.filled + 1);
    }
    this.changed = true;
  }

  /** The latents of the last frames, the newest first. */
  last(count) {
    return Array.from({ length: Math.min(count, this.filled) }, (_, k) => {
      const frame = ((this.at - 1 - k + this.length) % this.length) * this.size;
      return this.frames.subarray(frame, frame + this.model.latents);
    });
  }

  draw() {
    if (!this.changed || !this.length) return;
    this.changed = false;
    const { context, width, height } = fitted(this.mel), share = this.at / this.length;
    context.imageSmoothingQuality = "high";
    const { canvas } = this.picture, bands = this.model.bands;
    if (this.at < this.length) context.drawImage(canvas, this.at, 0, this.length - this.at, bands, 0, 0, width * (1 - share) + 1, height);
    if (this.at > 0) context.drawImage(canvas, 0, 0, this.at, bands, width * (1 - share), 0, width * share, height);
    this.paths();
  }

  paths() {
    const { context, width, height } = fitted(this.lanes), rows = this.model.latents, high = height / rows;
    context.clearRect(0, 0, width, height);
    const steps = Math.min(this.filled, Math.ceil(width / 2)); // a point every other pixel is enough
    const line = (row, less) => {
      const middle = (row + 0.5) * high, tall = high / 2 - 1.5;
      context.beginPath();
      for (let k = 0; k < steps; k++) {
        const back = 1 + Math.floor((k * this.filled) / steps);
        const frame = ((this.at - back + this.length) % this.length) * this.size;
        const y = Math.max(-1, Math.min(1, (this.frames[frame + row] - less) / SPAN));
        context.lineTo(width * (1 - (back - 1) / this.length), middle - y * tall);
      }
      context.stroke();
    };
    for (let row = 0; row < rows; row++) {
      const bias = this.bias[row] ?? 0;
      context.lineWidth = 1;
      context.fillStyle = "#1a1d23";
      context.fillRect(0, (row + 0.5) * high, width, 1);
      const moved = Math.abs(bias) > SEEN;
      if (moved) {
        // as it would be of itself
        context.strokeStyle = "#4a5260";
        line(row, bias);
      }
      context.lineWidth = moved ? 1.6 : 1.1;
      context.strokeStyle = moved ? "#4fd1c5" : this.model.timbre.includes(row) ? "#c3cad5" : "#7d8695";
      line(row, 0);
    }
  }
}
