// What each latent of the model does, as the server measured it: which way is brighter, and a picture.

import * as link from './link';
import type { Effect, Effects } from './protocol';

class Found {
  private known = $state.raw<Readonly<Record<string, Effects>>>({});
  private asked = new Set<string>();

  /** Ask for those of a model, once. */
  want(model: string): void {
    if (!model || this.asked.has(model)) return;
    this.asked.add(model);
    link.effects(model).then(
      (effects) => (this.known = { ...this.known, [model]: effects }),
      () => this.asked.delete(model), // lanes are as the model has them until it can be asked again
    );
  }

  of(model: string, lane: number): Effect | null {
    return this.known[model]?.latents[lane] ?? null;
  }

  steps(model: string): number {
    return this.known[model]?.steps ?? 0;
  }
}

export const effects = new Found();

/** What going up does, in a word. */
export function says(effect: Effect): string {
  if (Math.abs(effect.octaves) >= 0.05) return 'brighter';
  return Math.abs(effect.decibels) >= 0.3 ? 'louder' : 'finer detail';
}
