// Keys for the whole page. Single keys do nothing while something is typed, and inside what has keys of its own.

import { look, type Tool } from './look.svelte';
import { received } from './received.svelte';
import { studio } from './studio.svelte';
import { transport } from './transport.svelte';
import { work } from './work.svelte';

const TOOLS: Record<string, Tool> = { v: 'select', b: 'draw', n: 'line', r: 'range' };

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.('input:not([type=checkbox], [type=range]), textarea, select, [contenteditable], dialog[open]');
}

export function shortcut(event: KeyboardEvent, help: () => void): void {
  if (event.defaultPrevented || event.altKey || studio.status === 'away') return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (typing(event.target) && key !== 's') return;
    if (key === 'z' && !event.shiftKey) work.undo();
    else if (key === 'y' || key === 'z') work.redo();
    else if (key === 's') document.getElementById('save')?.click();
    else if (key === '<' || key === '>') look.pan((key === '<' ? -0.5 : 0.5) * (look.view.t1 - look.view.t0));
  else if (key === 'o') document.getElementById('open')?.click();
    else return;
    event.preventDefault();
    return;
  }
  if (typing(event.target)) return;
  if (key === 'home' && (event.target as HTMLElement | null)?.closest?.('[type=range]')) return; // the slider's own key
  if (event.key === ' ') {
    if ((event.target as HTMLElement | null)?.closest?.('button, a')) return; // Space presses what the keyboard has come to
    void transport.toggle(event.shiftKey);
  } else if (event.key === '?') help();
  else if (key in TOOLS) look.tool = TOOLS[key];
  else if (key === 'l') (transport.looping = !transport.looping);
  else if (key === 'a') transport.swap();
  else if (key === 'z') look.fitSelection();
  else if (key === '+' || key === '=') look.zoom(1.5);
  else if (key === '-') look.zoom(1 / 1.5);
  else if (key === '<' || key === '>') look.pan((key === '<' ? -0.5 : 0.5) * (look.view.t1 - look.view.t0));
  else if (key === 'o') document.getElementById('open')?.click();
  else if (key === 's') document.getElementById('snapshot')?.click();
  else if (key === '.') studio.panic();
  else if (key === 'home') transport.seek(0);
  else if (key === '[') look.select({ start: transport.time, end: look.range && look.range.end > transport.time ? look.range.end : look.duration });
  else if (key === ']') look.select({ start: look.range && look.range.start < transport.time ? look.range.start : 0, end: transport.time });
  else if (key === '0') look.activate('loudness');
  else if (/^[1-9]$/.test(key)) look.activate(Math.min(Number(key), work.model?.ranges.length ?? 1) - 1);
  else if (key === 'escape') {
    if (look.panel) look.panel = '';
    if (work.gesture) work.drop();
    else if (received.stale) studio.cancel();
    else {
      look.select(null);
      look.points = [];
    }
  } else return;
  event.preventDefault();
}
