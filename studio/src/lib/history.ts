// Undo as a view of documents: a list of named ones, and where in it we are.

export interface Step<T> { readonly name: string; readonly document: T }

export interface History<T> { readonly steps: readonly Step<T>[]; readonly at: number }

const MOST = 500;

export function begin<T>(document: T, name = 'Opened'): History<T> {
  return { steps: [{ name, document }], at: 0 };
}

export function current<T>(history: History<T>): T {
  return history.steps[history.at].document;
}

/** One gesture, one step; what had been undone is forgotten. A document that is the same is no step. */
export function step<T>(history: History<T>, name: string, document: T): History<T> {
  if (document === current(history)) return history;
  const steps = [...history.steps.slice(0, history.at + 1), { name, document }].slice(-MOST);
  return { steps, at: steps.length - 1 };
}

export function walk<T>(history: History<T>, to: number): History<T> {
  return { ...history, at: Math.min(Math.max(to, 0), history.steps.length - 1) };
}
