// Undo as a view of documents: a list of named ones, and where in it we are. The server keeps the same list, by the same rule.

import { MOST_STEPS } from './protocol';

export interface Step<T> { readonly name: string; readonly session: T }

export interface History<T> { readonly steps: readonly Step<T>[]; readonly at: number }

export function begin<T>(session: T, name = 'Opened'): History<T> {
  return { steps: [{ name, session }], at: 0 };
}

export function current<T>(history: History<T>): T {
  return history.steps[history.at].session;
}

/** One gesture, one step; what had been undone is forgotten. A document that is the same is no step. */
export function step<T>(history: History<T>, name: string, session: T): History<T> {
  if (session === current(history)) return history;
  const steps = [...history.steps.slice(0, history.at + 1), { name, session }].slice(-MOST_STEPS);
  return { steps, at: steps.length - 1 };
}

export function walk<T>(history: History<T>, to: number): History<T> {
  return { ...history, at: Math.min(Math.max(to, 0), history.steps.length - 1) };
}
