// What OSC and the MIDI map turn: done as a hand would do it, and one step of the history once it stands still.

import * as doc from './document';
import { midi } from './midi.svelte';
import type { Take } from './protocol';
import { work } from './work.svelte';

const STILL = 300; // ms: neither says when a knob is let go
let timer: ReturnType<typeof setTimeout> | undefined;

/** A parameter by its name, such as "fine" or "bias.3", gets this value. */
export function turned(name: string, value: number, by = 'OSC'): void {
  if (/^(puck|map)\./.test(name)) return void midi.move(name, value);
  if (!work.session.take.input) return;
  const take = changed(work.gesture ?? work.session.take, name, value);
  if (!take) return;
  midi.release(name);
  work.preview(take);
  clearTimeout(timer);
  timer = setTimeout(() => work.gesture === take && work.commitTake(`${by}: ${name} ${Number(value.toPrecision(3))}`, take, `${by} ${name}`), STILL);
}

function changed(take: Take, name: string, value: number): Take | null {
  if (name === 'domain') return doc.inDomain(take, value);
  if (name === 'fine' || name === 'colour') return { ...take, [name]: value };
  const [operator, lane] = name.split('.');
  const parameter = work.operators.find((one) => one.name === operator)?.parameters[0];
  return parameter ? doc.operate(take, operator, { [parameter.name]: value }, doc.target(Number(lane) - 1, null)) : null;
}
