// The document that is worked on, its history, and the gesture that is under way.

import * as doc from './document';
import * as history from './history';
import { notices } from './notices.svelte';
import type { ModelInfo, OperatorInfo, Session, Take } from './protocol';

/** A step that was made (with a name) or walked to, for whoever keeps the history. */
export interface Kept { readonly session: Session; readonly at: number; readonly name: string | null }

class Work {
  models = $state.raw<readonly ModelInfo[]>([]);
  operators = $state.raw<readonly OperatorInfo[]>([]);
  examples = $state.raw<readonly string[]>([]);

  history = $state.raw(history.begin<Session>(doc.newSession('')));
  /** A gesture that is not finished: what is shown and heard instead of the session's take. */
  gesture = $state.raw<Take | null>(null);
  private turned = ''; // the control that the last step is of
  session = $derived(history.current(this.history));
  take = $derived(this.gesture ?? this.session.take);
  model = $derived(this.models.find((model) => model.name === this.take.model) ?? null);

  // set by whoever renders and keeps
  previewed: (take: Take) => void = () => {};
  settled: (kept: Kept) => void = () => {};

  begin(steps: readonly history.Step<Session>[], at: number): void {
    [this.gesture, this.turned] = [null, ''];
    this.history = { steps, at };
  }

  /** One step of the history: a finished gesture. `control`: what was turned; consecutive steps of one control are one. */
  commit(what: string, session: Session, control = ''): void {
    const name = doc.short(what); // it may hold a sound's name, which may be as long
    this.gesture = null;
    if (session === this.session) return this.settled(this.place);
    const again = control !== '' && control === this.turned && this.history.at > 0 && this.history.at === this.history.steps.length - 1;
    if (again) this.history = history.walk(this.history, this.history.at - 1);
    const after = this.history.at;
    this.history = history.step(this.history, name, session);
    this.turned = control;
    this.settled({ session, at: after, name });
  }

  commitTake(name: string, take: Take, control = ''): void {
    if (take !== this.session.take) this.commit(name, { ...this.session, take }, control);
    else this.drop();
  }

  /** Try a take while a gesture lasts. */
  preview(take: Take): void {
    this.gesture = take;
    this.previewed(take);
  }

  /** End a gesture without a step. */
  drop(): void {
    if (!this.gesture) return;
    this.gesture = null;
    this.settled(this.place);
  }

  /** Where in the history the session is. */
  get place(): Kept {
    return { session: this.session, at: this.history.at, name: null };
  }

  undo(): void {
    this.goTo(this.history.at - 1);
  }

  redo(): void {
    this.goTo(this.history.at + 1);
  }

  goTo(at: number): void {
    const before = this.history.at;
    this.history = history.walk(this.history, at);
    this.turned = '';
    if (this.history.at === before) return;
    const step = this.history.steps[Math.max(before, this.history.at)];
    notices.say(this.history.at < before ? `Undone: ${step.name}` : `Redone: ${step.name}`);
    this.gesture = null;
    this.settled(this.place);
  }
}

export const work = new Work();
