// A log-mel as pictures: tiles drawn once, at three scales, and again where they change.

/** Magma (Smith and van der Walt, CC0), every 16th entry. */
const MAGMA = [
  0x000004, 0x0b0924, 0x20114b, 0x3b0f70, 0x57157e, 0x721f81, 0x8c2981, 0xa8327d, 0xc43c75, 0xde4968, 0xf1605d, 0xfa7f5e,
  0xfe9f6d, 0xfebf84, 0xfddea0, 0xfcfdbf,
];
const COLOURS = new Uint32Array(256).map((_, i) => {
  const at = (Math.max(0, i - 40) / 200) * (MAGMA.length - 1); // what is below −85 dB is black, above −5 dB white
  const a = MAGMA[Math.min(Math.floor(at), MAGMA.length - 1)];
  const b = MAGMA[Math.min(Math.floor(at) + 1, MAGMA.length - 1)];
  const mix = (shift: number) => Math.round(((a >> shift) & 255) + (((b >> shift) & 255) - ((a >> shift) & 255)) * Math.min(1, at % 1));
  return 0xff000000 | (mix(0) << 16) | (mix(8) << 8) | mix(16); // ABGR
});

/** Bytes of `columns` mels, one after the other, as a whole small picture; `turned`: from right to left. */
export function picture(canvas: HTMLCanvasElement, data: Uint8Array, columns: number, turned: boolean): void {
  const bands = data.length / columns;
  [canvas.width, canvas.height] = [columns, bands];
  const image = new ImageData(columns, bands);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < columns; column++)
    for (let band = 0; band < bands; band++)
      pixels[(bands - 1 - band) * columns + column] = COLOURS[data[(turned ? columns - 1 - column : column) * bands + band]];
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}

const WIDE = 512; // columns of a tile
const SCALES = [1, 8, 64]; // frames a column

export class MelPicture {
  private tiles = new Map<string, OffscreenCanvas>();
  readonly data: Uint8Array;

  constructor(readonly frames: number, readonly bands: number, data?: Uint8Array) {
    this.data = data ?? new Uint8Array(frames * bands);
  }

  /** Put frames in; the tiles that show them are drawn again. */
  put(first: number, part: Uint8Array): void {
    this.data.set(part.subarray(0, this.data.length - first * this.bands), first * this.bands);
    const last = first + part.length / this.bands;
    for (const scale of SCALES) {
      for (let k = Math.floor(first / scale / WIDE); k * scale * WIDE < last; k++) this.tiles.delete(`${scale}:${k}`);
    }
  }

  /** Draw frames [from, to) (fractions allowed) over a canvas of that size in pixels. */
  draw(context: CanvasRenderingContext2D, from: number, to: number, width: number, height: number): void {
    const each = (to - from) / width;
    const scale = SCALES.findLast((s) => s <= Math.max(1, each)) ?? 1;
    context.imageSmoothingEnabled = true;
    const span = WIDE * scale;
    for (let k = Math.max(0, Math.floor(from / span)); k * span < Math.min(to, this.frames); k++) {
      const tile = this.tile(scale, k);
      const frames = Math.min(span, this.frames - k * span);
      const x = ((k * span - from) / (to - from)) * width;
      context.drawImage(tile, 0, 0, frames / scale, this.bands, x, 0, (frames / (to - from)) * width + 0.5, height);
    }
  }

  private tile(scale: number, k: number): OffscreenCanvas {
    const key = `${scale}:${k}`;
    const known = this.tiles.get(key);
    if (known) return known;
    if (this.tiles.size > 128) this.tiles.delete(this.tiles.keys().next().value!);
    const tile = new OffscreenCanvas(WIDE, this.bands);
    const image = new ImageData(WIDE, this.bands);
    const pixels = new Uint32Array(image.data.buffer);
    const { bands, data } = this;
    for (let column = 0; column < WIDE; column++) {
      const first = (k * WIDE + column) * scale;
      if (first >= this.frames) break;
      const last = Math.min(first + scale, this.frames);
      for (let band = 0; band < bands; band++) {
        let most = 0;
        for (let frame = first; frame < last; frame++) most = Math.max(most, data[frame * bands + band]);
        pixels[(bands - 1 - band) * WIDE + column] = COLOURS[most];
      }
    }
    tile.getContext('2d')!.putImageData(image, 0, 0);
    this.tiles.set(key, tile);
    return tile;
  }
}
