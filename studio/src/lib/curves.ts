// Curve maths that knows nothing of the page.

export type Line = readonly (readonly [number, number])[];

/** Ramer–Douglas–Peucker with vertical distances: fewer points, none of those left out further than `tolerance` off. */
export function simplify(line: Line, tolerance: number): [number, number][] {
  if (line.length < 3) return line.map(([t, v]) => [t, v]);
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  const spans: [number, number][] = [[0, line.length - 1]];
  while (spans.length) {
    const [a, b] = spans.pop()!;
    const [ta, va] = line[a];
    const [tb, vb] = line[b];
    let worst = tolerance;
    let at = -1;
    for (let i = a + 1; i < b; i++) {
      const on = tb > ta ? va + ((vb - va) * (line[i][0] - ta)) / (tb - ta) : va;
      const off = Math.abs(line[i][1] - on);
      if (off > worst) [worst, at] = [off, i];
    }
    if (at >= 0) {
      keep[at] = 1;
      spans.push([a, at], [at, b]);
    }
  }
  return line.filter((_, i) => keep[i]).map(([t, v]) => [t, v]);
}

/** A freehand stroke: what the pen goes over again, in whichever direction, is replaced. */
export class Stroke {
  private points: [number, number][] = [];

  add(t: number, v: number): void {
    const last = this.points[this.points.length - 1];
    if (last) {
      const [low, high] = last[0] < t ? [last[0], t] : [t, last[0]];
      this.points = this.points.filter(([at]) => at <= low || at >= high || at === last[0]);
    }
    this.points = this.points.filter(([at]) => at !== t);
    this.points.push([t, v]);
  }

  get line(): [number, number][] {
    return [...this.points].sort((a, b) => a[0] - b[0]);
  }
}

/** The value of a curve of `rate` frames a second at a time, straight between frames and held at the ends. */
export function valueAt(curve: Float32Array, rate: number, t: number): number {
  if (!curve.length) return 0;
  const at = Math.min(Math.max(t * rate, 0), curve.length - 1);
  const before = Math.floor(at);
  const after = Math.min(before + 1, curve.length - 1);
  return curve[before] + (curve[after] - curve[before]) * (at - before);
}

const FACTOR = 8;

/** Lowest and highest of every 8, 64, 512 … values: any stretch of a curve is drawn from about as many numbers as pixels. */
export class Peaks {
  readonly lows: Float32Array[] = [];
  readonly highs: Float32Array[] = [];

  constructor(readonly values: Float32Array) {
    for (let n = Math.ceil(values.length / FACTOR); ; n = Math.ceil(n / FACTOR)) {
      this.lows.push(new Float32Array(n));
      this.highs.push(new Float32Array(n));
      if (n <= 1) break;
    }
    this.update(0, values.length);
  }

  /** Values [first, last) have changed. */
  update(first: number, last: number): void {
    let low = this.values;
    let high = this.values;
    for (let level = 0; level < this.lows.length; level++) {
      first = Math.floor(first / FACTOR);
      last = Math.ceil(last / FACTOR);
      const lows = this.lows[level];
      const highs = this.highs[level];
      for (let i = first; i < last; i++) {
        let least = Infinity;
        let most = -Infinity;
        const end = Math.min((i + 1) * FACTOR, low.length);
        for (let j = i * FACTOR; j < end; j++) {
          if (low[j] < least) least = low[j];
          if (high[j] > most) most = high[j];
        }
        lows[i] = least;
        highs[i] = most;
      }
      low = lows;
      high = highs;
    }
  }

  /** Lowest and highest within values [first, last), possibly of a few around them. */
  between(first: number, last: number): [number, number] {
    let low = this.values;
    let high = this.values;
    let size = 1;
    for (let level = 0; level < this.lows.length && (last - first) / size > 2 * FACTOR; level++) {
      low = this.lows[level];
      high = this.highs[level];
      size *= FACTOR;
    }
    let least = Infinity;
    let most = -Infinity;
    const end = Math.min(Math.ceil(last / size), low.length);
    for (let i = Math.max(0, Math.floor(first / size)); i < end; i++) {
      if (low[i] < least) least = low[i];
      if (high[i] > most) most = high[i];
    }
    return [least, most];
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** A corner's share for the puck at (x, y): left and right above, left and right below. */
export function shares(x: number, y: number): [number, number, number, number] {
  return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
}

/** Where a puck is at a time: straight between its points, looped and sped up as it says. As session.py has it. */
export function puckAt(
  puck: { readonly points: readonly (readonly [number, number, number])[]; readonly loop: boolean; readonly speed: number },
  time: number,
): [number, number] {
  const { points } = puck;
  const length = points[points.length - 1][0];
  let t = time * puck.speed;
  if (puck.loop && length > 0) t %= length;
  if (t <= points[0][0]) return [points[0][1], points[0][2]];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (t <= b[0]) {
      const u = b[0] > a[0] ? (t - a[0]) / (b[0] - a[0]) : 1;
      return [a[1] + (b[1] - a[1]) * u, a[2] + (b[2] - a[2]) * u];
    }
  }
  const last = points[points.length - 1];
  return [last[1], last[2]];
}

/** Of so many points at most, evenly chosen, the first and the last among them. */
export function thinned<T>(points: readonly T[], most: number): readonly T[] {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))]);
}
