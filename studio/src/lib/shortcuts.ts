// Keys for the whole page. Single keys do nothing while something is typed, and inside what has keys of its own.

import { studio, type Tool } from './studio.svelte';

const TOOLS: Record<string, Tool> = { v: 'select', b: 'draw', n: 'line', r: 'range' };

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]');
}

export function shortcut(event: KeyboardEvent, help: () => void): void {
  if (event.defaultPrevented || event.altKey || studio.status === 'away') return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (typing(event.target) && key !== 's') return;
    if (key === 'z' && !event.shiftKey) studio.undo();
    else if (key === 'y' || key === 'z') studio.redo();
    else if (key === 's') document.getElementById('save')?.click();
    else if (key === 'o') document.getElementById('open')?.click();
    else return;
    event.preventDefault();
    return;
  }
  if (typing(event.target)) return;
  const onButton = (event.target as HTMLElement | null)?.closest?.('button, a');
  if (event.key === ' ') {
    if (onButton) return; // Space presses what has the focus
    void studio.toggle(event.shiftKey);
  } else if (event.key === '?') help();
  else if (key in TOOLS) studio.tool = TOOLS[key];
  else if (key === 'l') studio.loop();
  else if (key === 'a') studio.swap();
  else if (key === 'z') studio.fitSelection();
  else if (key === '+' || key === '=') studio.zoom(1.5);
  else if (key === '-') studio.zoom(1 / 1.5);
  else if (key === 'o') document.getElementById('open')?.click();
  else if (key === 's') document.getElementById('snapshot')?.click();
  else if (key === '.') studio.panic();
  else if (key === 'home') studio.seek(0);
  else if (key === '[') studio.select({ start: studio.time, end: studio.range && studio.range.end > studio.time ? studio.range.end : studio.duration });
  else if (key === ']') studio.select({ start: studio.range && studio.range.start < studio.time ? studio.range.start : 0, end: studio.time });
  else if (key === '0') studio.activate('loudness');
  else if (/^[1-9]$/.test(key)) studio.activate(Math.min(Number(key), studio.model?.ranges.length ?? 1) - 1);
  else if (key === 'escape') {
    if (studio.gesture) studio.drop();
    else if (studio.stale) studio.cancel();
    else {
      studio.select(null);
      studio.points = [];
    }
  } else return;
  event.preventDefault();
}
