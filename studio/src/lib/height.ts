// Frequencies and their heights in the picture of a mel.

/** How far up a frequency lies in a picture of bands with these middles: 0 below, 1 above. */
export function height(hertz: readonly number[], frequency: number): number {
  const above = hertz.findIndex((middle) => middle >= frequency);
  if (above < 0) return 1;
  if (above === 0) return 0;
  const [a, b] = [hertz[above - 1], hertz[above]];
  return (above - 0.5 + (frequency - a) / (b - a)) / hertz.length;
}

/** The frequency at that height. */
export function frequencyAt(hertz: readonly number[], up: number): number {
  const at = Math.min(Math.max(up * hertz.length - 0.5, 0), hertz.length - 1);
  const below = Math.floor(at);
  return hertz[below] + (at - below) * ((hertz[below + 1] ?? hertz[below]) - hertz[below]);
}

/** A frequency as it is printed: three digits are enough. */
export function inHertz(frequency: number): string {
  return frequency < 1000 ? `${Math.round(frequency)} Hz` : `${(frequency / 1000).toFixed(frequency < 10_000 ? 1 : 0)} kHz`;
}
