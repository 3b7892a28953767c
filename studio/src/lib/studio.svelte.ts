// What the page knows: the session and its history, what the server has sent, what is played and shown.

import { level, Player, Recording, shared } from './audio';
import { Peaks, valueAt } from './curves';
import * as doc from './document';
import type { Lane, PointId, Range } from './document';
import * as history from './history';
import * as link from './link';
import { MelPicture } from './mel';
import type { Binary, FromServer, ModelInfo, OperatorInfo, Session, SoundRef, Take, Target } from './protocol';
import * as views from './view';

export type Tool = 'select' | 'draw' | 'line' | 'range';
export type Scope = 'lane' | 'latents' | 'all';

/** A path as the server sent it: a curve a lane, the loudness last. */
export interface Curves { rate: number; frames: number; lanes: Float32Array[]; peaks: Peaks[] }
/** A sound to look at. */
export interface Wave { samples: Float32Array; peaks: Peaks; mel: MelPicture | null }

const PREVIEW = 40; // ms between the renderings of one gesture

class Studio {
  models = $state.raw<readonly ModelInfo[]>([]);
  operators = $state.raw<readonly OperatorInfo[]>([]);
  examples = $state.raw<readonly string[]>([]);
  mostSeconds = 0;
  status = $state<'opening' | 'open' | 'lost' | 'away'>('opening');

  history = $state.raw(history.begin<Session>(doc.newSession('')));
  /** A gesture that is not finished: what is shown and heard instead of the session's take. */
  gesture = $state.raw<Take | null>(null);
  session = $derived(history.current(this.history));
  take = $derived(this.gesture ?? this.session.take);

  // what came from the server; the numbers count changes, as the arrays are too large to be watched
  inferred: Curves | null = null;
  edited: Curves | null = null;
  result: Curves | null = null;
  inputWave: Wave | null = null;
  resultWave: Wave | null = null;
  curvesChanged = $state(0);
  inputChanged = $state(0);
  resultChanged = $state(0);
  loading = $state('');
  done = $state(0); // share of the result that is there
  stale = $state(false);
  answered = $state(0); // ms that the last rendering took
  saved = $state(true);

  view = $state.raw<views.View>({ t0: 0, t1: 1 });
  duration = $state(1);
  range = $state.raw<Range | null>(null);
  lane = $state<Lane>(0);
  scope = $state<Scope>('lane');
  tool = $state<Tool>('select');
  points = $state.raw<readonly PointId[]>([]);
  time = $state(0);
  playing = $state(false);
  hears = $state<'result' | 'original'>('result');
  looping = $state(false);
  matched = $state(false);
  follow = $state(true);
  notice = $state.raw<{ text: string; bad: boolean } | null>(null);
  spoken = $state('');
  recording = $state.raw<Recording | null>(null);
  peak = $state(0);
  clipped = $state(false);
  limiting = $state(1);
  compact = $state(true);

  player: Player | null = null;
  private revision = 0;
  private shownInput = '';
  private sentAt = 0;
  private later: ReturnType<typeof setTimeout> | undefined;
  private wire = new link.Link({
    message: (message) => this.hear(message),
    binary: (header, body) => this.receive(header, body),
    lost: () => (this.status = 'lost'),
  });

  model = $derived(this.models.find((model) => model.name === this.take.model) ?? null);
  target = $derived<Target>(doc.target(this.scope === 'lane' ? this.lane : this.scope, this.range));

  open(): void {
    this.wire.open();
    const tick = () => {
      this.poll();
      requestAnimationFrame(tick);
    };
    tick();
  }

  // --- the server ---

  private hear(message: FromServer): void {
    if (message.type === 'hello') this.greet(message);
    else if (message.type === 'done' && message.revision === this.revision) {
      [this.stale, this.done, this.answered] = [false, 1, message.milliseconds];
      this.matchLevels();
    } else if (message.type === 'saved' && message.revision === this.revision) this.saved = true;
    else if (message.type === 'failed' && (message.revision === null || message.revision === this.revision)) this.complain(message.message);
    else if (message.type === 'away') {
      this.status = 'away';
      this.wire.close();
      this.player?.stop();
    }
  }

  private greet(hello: Extract<FromServer, { type: 'hello' }>): void {
    const again = this.status === 'lost';
    [this.models, this.operators, this.examples, this.mostSeconds] = [hello.models, hello.operators, hello.examples, hello.most_seconds];
    this.status = 'open';
    if (again) return this.commit('', this.session); // the server was started again: it gets what the page has
    if (hello.session) {
      this.history = history.begin(hello.session, 'Restored');
      this.commit('', hello.session);
    } else if (hello.models.length) {
      this.history = history.begin(doc.newSession(hello.models[0].name), 'New');
      void this.openExample(hello.examples[0]);
    } else this.complain('There are no models yet: `melisma train FOLDER` makes one.');
  }

  /** Another tab had the session: take it back. */
  claim(): void {
    this.status = 'opening';
    this.wire.open();
  }

  private receive(header: Binary, body: ArrayBuffer): void {
    if (header.type === 'curves') this.receiveCurves(header, new Float32Array(body));
    else if (header.type === 'samples') this.receiveSamples(header, new Float32Array(body));
    else {
      const wave = this.resultWave;
      if (!wave) return;
      if (wave.mel?.frames !== header.frames) wave.mel = new MelPicture(header.frames, header.bands);
      wave.mel.put(header.first, new Uint8Array(body));
      this.resultChanged++;
    }
  }

  private receiveCurves(header: Extract<Binary, { type: 'curves' }>, values: Float32Array): void {
    let curves = this[header.which];
    if (!curves || curves.frames !== header.frames || curves.lanes.length !== header.lanes || curves.rate !== header.rate) {
      const lanes = Array.from({ length: header.lanes }, () => new Float32Array(header.frames));
      curves = { rate: header.rate, frames: header.frames, lanes, peaks: lanes.map((lane) => new Peaks(lane)) };
      this[header.which] = curves;
    }
    const n = values.length / header.lanes;
    curves.lanes.forEach((lane, k) => {
      lane.set(values.subarray(k * n, (k + 1) * n), header.first);
      curves.peaks[k].update(header.first, header.first + n);
    });
    this.curvesChanged++;
  }

  private receiveSamples(header: Extract<Binary, { type: 'samples' }>, part: Float32Array): void {
    let wave = this.resultWave;
    if (!wave || wave.samples.length !== header.total) {
      const samples = shared(header.total);
      wave = this.resultWave = { samples, peaks: new Peaks(samples), mel: wave?.mel ?? null };
      this.tellSounds();
    }
    wave.samples.set(part, header.first);
    wave.peaks.update(header.first, header.first + part.length);
    if (header.revision === this.revision) this.done = (header.first + part.length) / header.total;
    this.resultChanged++;
  }

  /** Show a take that is not finished, at most every PREVIEW ms; the last one is always sent. */
  private render(take: Take): void {
    clearTimeout(this.later);
    const wait = this.sentAt + PREVIEW - performance.now();
    if (wait > 0) {
      this.later = setTimeout(() => this.render(take), wait);
      return;
    }
    this.sentAt = performance.now();
    this.begin();
    this.wire.send({ type: 'render', revision: this.revision, take });
  }

  private begin(): void {
    this.revision++;
    [this.stale, this.done] = [true, 0];
    this.notice = this.notice?.bad ? null : this.notice;
  }

  cancel(): void {
    this.wire.send({ type: 'cancel' });
    if (this.stale) this.say('Rendering stopped');
  }

  // --- the document ---

  /** One step of the history: a finished gesture. */
  commit(name: string, session: Session): void {
    clearTimeout(this.later);
    this.gesture = null;
    if (name) this.history = history.step(this.history, name, session);
    this.settle();
  }

  commitTake(name: string, take: Take): void {
    if (take !== this.session.take) this.commit(name, { ...this.session, take });
    else this.drop();
  }

  /** Try a take while a gesture lasts. */
  preview(take: Take): void {
    this.gesture = take;
    this.render(take);
  }

  /** End a gesture without a step. */
  drop(): void {
    if (!this.gesture) return;
    this.gesture = null;
    this.settle();
  }

  private settle(): void {
    const { session } = this;
    this.points = this.points.filter(({ edit, index }) => {
      const found = session.take.edits[edit];
      return found?.op === 'draw' && index < found.points.length;
    });
    void this.showInput();
    this.begin();
    this.saved = false;
    this.sentAt = performance.now();
    if (session.take.input) this.wire.send({ type: 'keep', revision: this.revision, session });
    else [this.stale, this.saved] = [false, true];
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
    if (this.history.at === before) return;
    const step = this.history.steps[Math.max(before, this.history.at)];
    this.say(this.history.at < before ? `Undone: ${step.name}` : `Redone: ${step.name}`);
    this.gesture = null;
    this.settle();
  }

  // --- sounds ---

  /** Load what the lanes and the player need of the input. */
  private async showInput(): Promise<void> {
    const { input, model } = this.session.take;
    const info = this.models.find((one) => one.name === model);
    const key = input && info ? `${input.hash} ${model}` : '';
    if (key === this.shownInput) return;
    this.shownInput = key;
    if (!input || !info) {
      [this.inputWave, this.resultWave, this.inferred, this.edited, this.result] = [null, null, null, null, null];
      this.inputChanged++;
      return;
    }
    this.loading = `Reading ${input.name}`;
    try {
      const [samples, mel] = await Promise.all([link.samples(input.hash, model), link.mel(input.hash, model)]);
      if (this.shownInput !== key) return;
      const memory = shared(samples.length);
      memory.set(samples);
      this.inputWave = { samples: memory, peaks: new Peaks(memory), mel: new MelPicture(mel.length / info.bands, info.bands, mel) };
      const duration = samples.length / info.rate;
      if (Math.abs(duration - this.duration) > 1e-3) [this.range, this.view] = [null, { t0: 0, t1: duration }];
      this.duration = duration;
      if (this.player?.rate !== info.rate) {
        this.player?.close();
        this.player = new Player(info.rate);
      }
      this.tellSounds();
      this.inputChanged++;
    } catch (error) {
      this.shownInput = '';
      this.complain((error as Error).message);
    } finally {
      this.loading = '';
    }
  }

  private tellSounds(): void {
    if (!this.player || !this.inputWave) return;
    const result = this.resultWave?.samples ?? new Float32Array(0);
    this.player.tell({ sounds: [this.inputWave.samples, result], end: this.inputWave.samples.length });
    this.player.tell({ wanted: this.hears === 'result' ? 1 : 0 });
    this.tellLoop();
    this.matchLevels();
  }

  /** Begin a new take with a sound; the model stays. */
  useSound(ref: SoundRef): void {
    [this.range, this.points] = [null, []];
    this.player?.stop();
    this.player?.seek(0);
    this.commitTake(`Opened ${ref.name}`, doc.newTake(this.session.take.model, ref));
    this.say(`Opened ${ref.name}`);
  }

  private async attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    this.loading = what;
    try {
      return await work();
    } catch (error) {
      this.complain((error as Error).message);
      return null;
    } finally {
      this.loading = '';
    }
  }

  async openExample(name: string): Promise<void> {
    const info = await this.attempt(`Opening ${name}`, () => link.example(name));
    if (info) this.useSound(info.sound);
  }

  /** A file that was dropped or chosen: a session or a sound. */
  async openFile(file: File): Promise<void> {
    if (file.name.endsWith('.melisma-session')) {
      const session = await this.attempt(`Opening ${file.name}`, () => link.openSession(file, file.name));
      if (session) this.commit(`Opened ${file.name}`, session);
      return;
    }
    const ref = await this.addSound(file);
    if (ref) this.useSound(ref);
  }

  async addSound(file: Blob, name = (file as File).name): Promise<SoundRef | null> {
    const info = await this.attempt(`Reading ${name}`, () => link.upload(file, name));
    return info?.sound ?? null;
  }

  async record(): Promise<void> {
    if (this.recording) {
      const sound = this.recording.stop();
      this.recording = null;
      if (!sound) return this.complain('The microphone gave no sound: check that it is plugged in and allowed');
      const now = new Date();
      const ref = await this.addSound(sound, `recording ${now.toTimeString().slice(0, 8).replaceAll(':', '.')}.wav`);
      if (ref) this.useSound(ref);
      return;
    }
    this.player?.stop();
    try {
      this.recording = await Recording.start();
      this.say('Recording');
    } catch {
      this.complain('The microphone cannot be used: allow it for this page in the browser, and check that it is plugged in');
    }
  }

  // --- playing ---

  private poll(): void {
    const { player } = this;
    if (!player) return;
    this.time = player.time;
    this.playing = player.playing;
    const peak = player.control[2];
    player.control[2] = 0;
    this.peak = Math.max(peak, this.peak * 0.92);
    if (this.peak < 1e-4) this.peak = 0;
    this.limiting = player.control[4];
    if (player.control[3]) this.clipped = true;
    if (this.playing && this.follow && (this.time > this.view.t1 || this.time < this.view.t0)) {
      const width = this.view.t1 - this.view.t0;
      this.view = views.within({ t0: this.time, t1: this.time + width }, this.duration);
    }
  }

  unclip(): void {
    this.clipped = false;
    if (this.player) this.player.control[3] = 0;
  }

  async toggle(fromStart = false): Promise<void> {
    const { player } = this;
    if (!player) return;
    if (player.playing && !fromStart) return player.stop();
    const { range } = this;
    if (fromStart) player.seek(range && this.looping ? range.start : 0);
    else if (this.looping && range && (player.time < range.start || player.time >= range.end)) player.seek(range.start);
    await player.play();
  }

  seek(time: number): void {
    this.player?.seek(Math.min(Math.max(time, 0), this.duration));
  }

  panic(): void {
    this.player?.panic();
    this.cancel();
    this.say('Silence');
  }

  loop(on = !this.looping): void {
    this.looping = on;
    this.tellLoop();
  }

  private tellLoop(): void {
    const rate = this.player?.rate ?? 1;
    const [start, end] = this.range ? [this.range.start, this.range.end] : [0, this.duration];
    const length = this.inputWave?.samples.length ?? 1;
    const loop = [Math.floor(start * rate), Math.min(Math.max(Math.floor(end * rate), Math.floor(start * rate) + 64), length)];
    this.player?.tell({ loop: this.looping ? loop : null });
  }

  swap(): void {
    this.hears = this.hears === 'result' ? 'original' : 'result';
    this.player?.tell({ wanted: this.hears === 'result' ? 1 : 0 });
    this.say(this.hears === 'result' ? 'Result' : 'Original');
  }

  match(on: boolean): void {
    this.matched = on;
    this.matchLevels();
  }

  /** The louder of the two is turned down to the softer. */
  private matchLevels(): void {
    const [a, b] = [this.inputWave, this.resultWave].map((wave) => (wave ? level(wave.samples) : 0));
    const on = this.matched && a > 0 && b > 0;
    this.player?.tell({ gains: on ? [Math.min(1, b / a), Math.min(1, a / b)] : [1, 1] });
  }

  // --- looking ---

  select(range: Range | null): void {
    this.range = range && range.end - range.start > 1e-3 ? range : null;
    this.tellLoop();
  }

  activate(lane: Lane): void {
    if (this.lane !== lane) this.points = [];
    this.lane = lane;
    this.scope = 'lane';
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

  /** A lane's place among the curves, and the values that it shows. */
  row(lane: Lane): number {
    return lane === 'loudness' ? (this.edited?.lanes.length ?? 1) - 1 : lane;
  }

  scale(lane: Lane): [number, number] {
    if (lane === 'loudness') return [-90, 6];
    const [low, high] = this.model?.ranges[lane] ?? [-3, 3];
    const most = Math.max(3, 1.3 * Math.max(Math.abs(low), Math.abs(high)));
    return [-most, most];
  }

  value(lane: Lane, t: number): number {
    const { edited } = this;
    return edited ? valueAt(edited.lanes[this.row(lane)], edited.rate, t) : 0;
  }

  laneName(lane: Lane): string {
    return lane === 'loudness' ? 'Loudness' : `Latent ${lane + 1}`;
  }

  unit(lane: Lane): string {
    return lane === 'loudness' ? 'dB' : 'σ';
  }

  targetName(): string {
    return this.scope === 'lane' ? this.laneName(this.lane) : this.scope === 'latents' ? 'All latents' : 'Everything';
  }

  // --- telling ---

  complain(text: string): void {
    this.notice = { text, bad: true };
    this.stale = false;
  }

  say(text: string): void {
    this.spoken = text;
  }
}

export const studio = new Studio();
