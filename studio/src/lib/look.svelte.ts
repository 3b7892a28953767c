// What is looked at and what is chosen: the stretch of time, the range, the lane, the tool, the points.

import * as doc from './document';
import type { Lane, PointId, Range } from './document';
import { effects } from './effects.svelte';
import type { Target } from './protocol';
import { received } from './received.svelte';
import * as views from './view';
import { work } from './work.svelte';

export const FIRST = 4; // latents that stand on their own: those that matter most

export type Tool = 'select' | 'draw' | 'line' | 'range';
export type Panel = 'operators' | 'square' | 'map' | 'snapshots';
export type Scope = 'lane' | 'latents' | 'all';

class Look {
  duration = $state(1);
  view = $state.raw<views.View>({ t0: 0, t1: 1 });
  range = $state.raw<Range | null>(null);
  lane = $state<Lane>(0);
  scope = $state<Scope>('lane');
  tool = $state<Tool>('select');
  points = $state.raw<readonly PointId[]>([]);
  panel = $state<Panel | ''>(''); // of the drawer, where the page is too narrow for all to stand side by side
  groups = $state<Record<string, boolean>>({}); // of lanes, which are open
  private reach = $state.raw<readonly number[]>([]); // how far the curves go, for each row

  target = $derived<Target>(doc.target(this.scope === 'lane' ? this.lane : this.scope, this.range));

  /** Another sound, of another length perhaps. */
  show(duration: number): void {
    if (Math.abs(duration - this.duration) > 1e-3) [this.range, this.view] = [null, { t0: 0, t1: duration }];
    this.duration = duration;
    const latents = work.model?.ranges.length ?? 0;
    if (typeof this.lane === 'number' && this.lane >= latents) this.activate(Math.max(0, latents - 1));
  }

  select(range: Range | null): void {
    this.range = range && range.end - range.start > 1e-3 ? range : null;
  }

  activate(lane: Lane): void {
    if (this.lane !== lane) this.points = [];
    this.lane = lane;
    this.scope = 'lane';
    const group = this.groupOf(lane);
    if (group) this.groups[group] = true;
  }

  /** The lanes that matter most stand on their own, the others in groups: what is in one, by its name. */
  grouped = $derived.by<readonly (readonly [string, readonly number[]])[]>(() => {
    const rest = Array.from({ length: Math.max(0, (work.model?.ranges.length ?? 0) - FIRST) }, (_, k) => k + FIRST);
    const timbre = work.model?.timbre;
    const groups: [string, number[]][] = timbre
      ? [['Timbre', rest.filter((k) => timbre.includes(k))], ['Pitch', rest.filter((k) => !timbre.includes(k))]]
      : [['More latents', rest]];
    return groups.filter(([, lanes]) => lanes.length);
  });

  private groupOf(lane: Lane): string | undefined {
    return this.grouped.find(([, lanes]) => lanes.includes(lane as number))?.[0];
  }

  /** 1, or −1 for a lane that is drawn, and counted, the other way round than the model has it: so that up is brighter. */
  turn(lane: Lane): 1 | -1 {
    return lane === 'loudness' ? 1 : (effects.of(work.session.take.model, lane)?.up ?? 1);
  }

  /** Forget points that are not there any more. */
  keepPoints(): void {
    this.points = this.points.filter(({ edit, index }) => {
      const found = work.session.take.edits[edit];
      return found?.op === 'draw' && index < found.points.length;
    });
  }

  fitSelection(): void {
    this.view = this.range ? views.fit(this.range.start, this.range.end, this.duration) : { t0: 0, t1: this.duration };
  }

  zoom(factor: number, about = (this.view.t0 + this.view.t1) / 2): void {
    this.view = views.zoom(this.view, factor, about, this.duration);
  }

  pan(by: number): void {
    this.view = views.pan(this.view, by, this.duration);
  }

  /** Turn the page when the playhead leaves it. */
  follow(time: number): void {
    const { t0, t1 } = this.view;
    if (time > t1 || time < t0) this.view = views.within({ t0: time, t1: time + t1 - t0 }, this.duration);
  }

  /** The values at a lane's lower and upper edge: what its latent does in the model's domain, or further where the curve goes further. */
  scale(lane: Lane): [number, number] {
    if (lane === 'loudness') return [-90, Math.max(6, this.reach[received.row(lane)] ?? 0)];
    const [low, high] = work.model?.ranges[lane] ?? [-3, 3];
    const most = Math.max(3, 1.3 * Math.max(Math.abs(low), Math.abs(high)), this.reach[lane] ?? 0);
    return this.turn(lane) < 0 ? [most, -most] : [-most, most];
  }

  /** Scale the lanes to their curves. Not while a gesture is under way: what is drawn would move from under the pointer. */
  rescale(): void {
    if (work.gesture) return;
    const reach = received.reach();
    if (reach.some((most, k) => most !== this.reach[k])) this.reach = reach;
  }

  laneName(lane: Lane): string {
    return lane === 'loudness' ? 'Loudness' : work.session.names[work.session.take.model]?.[lane] || `Latent ${lane + 1}`;
  }

  /** What a latent shapes, if the model tells: the spectrum's envelope, or what is in it. */
  shapes(lane: Lane): string {
    const timbre = work.model?.timbre;
    return lane === 'loudness' || !timbre ? '' : timbre.includes(lane) ? 'timbre' : 'pitch';
  }

  unit(lane: Lane): string {
    return lane === 'loudness' ? 'dB' : 'σ';
  }

  /** What operators act on, for a step of the history: "latent 3, 0.60–1.33 s". */
  targetOf(on: Target): string {
    const lanes = on.loudness && on.lanes?.length === 0 ? 'loudness' : on.lanes === null ? (on.loudness ? 'everything' : 'all latents') : `latent ${on.lanes.map((k) => k + 1).join(', ')}`;
    if (on.start === null && on.end === null) return lanes;
    const [start, end] = [on.start ?? 0, on.end ?? this.duration];
    return `${lanes}, ${views.clock(start)}–${views.moment(end, end)}`;
  }
}

export const look = new Look();
