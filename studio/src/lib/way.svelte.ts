// A puck in a field, and the way it takes over time: moved by pointer, keys, fields and controllers; recorded while the sound plays.

import { clamp, puckAt, thinned } from './curves';
import { MOST_POINTS, type Puck, type Take } from './protocol';
import { transport } from './transport.svelte';
import { work } from './work.svelte';

export interface Field {
  /** The puck as it is now. */
  puck(): Puck;
  /** The session's take with the puck changed, and the field on. */
  take(puck: Partial<Puck>): Take;
  /** What a step of the history says. */
  readonly recorded: string;
  moved(x: number, y: number): string;
  readonly control: string;
}

export class Way {
  recording = $state(false);
  private begun = 0;
  private way: [number, number, number][] = [];
  private calm = $state(false);
  private rest = $state(0);

  constructor(private field: Field) {
    const reduced = matchMedia('(prefers-reduced-motion: reduce)');
    this.calm = reduced.matches;
    reduced.onchange = () => (this.calm = reduced.matches);
    // who asked for less motion sees the puck where it was when the sound began to play
    $effect(() => {
      if (!transport.playing) this.rest = transport.time;
    });
  }

  get still(): boolean {
    return this.field.puck().points.length === 1;
  }

  /** Where the puck is now. */
  get at(): [number, number] {
    return puckAt(this.field.puck(), this.calm ? this.rest : transport.time);
  }

  placed(x: number, y: number): Take {
    return this.field.take({ points: [[0, clamp(x, 0, 1), clamp(y, 0, 1)]], loop: false });
  }

  // While the puck is recorded, whatever moves it leaves a way behind. The sound plays from its start meanwhile, so that the
  // way lies in time where it was heard.
  to(x: number, y: number): void {
    if (this.recording) {
      const { way } = this;
      if (!way.length) this.fromTheStart();
      const t = way.length ? transport.time : 0;
      const played = (performance.now() - this.begun) / 1000; // just after the jump to the start the player may still tell the old place
      if (!way.length || (t > way[way.length - 1][0] && t < played + 0.2)) way.push([t, clamp(x, 0, 1), clamp(y, 0, 1)]);
    }
    work.preview(this.placed(x, y));
  }

  private fromTheStart(): void {
    this.begun = performance.now();
    transport.stop();
    transport.seek(0);
    void transport.player?.play();
  }

  /** The end of a move; of a recording only when it is said to be over. */
  moved(over = false, control = ''): void {
    if (this.recording && !over) return;
    const { recording, way, field } = this;
    const take = recording && way.length > 1 ? field.take({ points: thinned(way, MOST_POINTS), loop: false }) : work.gesture;
    const [x, y] = this.at;
    if (take) work.commitTake(recording ? field.recorded : field.moved(x, y), take, recording ? '' : control);
    this.recording = false;
    this.way = [];
  }

  record(): void {
    if (this.recording) return this.moved(true);
    this.recording = true;
    this.way = [];
  }

  pointerdown(event: PointerEvent & { currentTarget: HTMLElement }): void {
    if (event.button !== 0) return;
    const pad = event.currentTarget;
    const box = pad.getBoundingClientRect();
    const follow = (e: PointerEvent) => this.to((e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height);
    pad.setPointerCapture(event.pointerId);
    follow(event);
    pad.onpointermove = follow;
    pad.onpointerup = pad.onpointercancel = () => {
      pad.onpointermove = pad.onpointerup = pad.onpointercancel = null;
      this.moved(true);
    };
  }

  keydown(event: KeyboardEvent): void {
    const step = event.shiftKey ? 0.005 : 0.05;
    const moves: Record<string, [number, number]> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const [x, y] = this.at;
    if (event.key === 'Enter' && this.recording) this.moved(true);
    else if (event.key in moves) this.to(x + moves[event.key][0], y + moves[event.key][1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  keyup(event: KeyboardEvent): void {
    if (event.key.startsWith('Arrow')) this.moved(false, this.field.control);
  }
}
