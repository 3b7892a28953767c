// Playing: the player, what of the two sounds it plays and where, the loop, the meter.

import { level, Player } from './audio';
import { look } from './look.svelte';
import { notices } from './notices.svelte';
import { received } from './received.svelte';

const NOTHING = [new Float32Array(0), new Float32Array(0)];

class Transport {
  player: Player | null = null;
  time = $state(0);
  playing = $state(false);
  hears = $state<'result' | 'original'>('result');
  looping = $state(false);
  matched = $state(false);
  peak = $state(0);
  clipped = $state(false);
  limiting = $state(1); // the limiter's gain

  constructor() {
    $effect.root(() => {
      $effect(() => this.tellSounds(received.memoryChanged));
      $effect(() => this.tellLoop());
      $effect(() => this.matchLevels(received.stale));
    });
  }

  /** A player for sounds of that rate. */
  begin(rate: number): void {
    if (this.player?.rate === rate) return;
    this.player?.close();
    this.player = new Player(rate);
    this.tellSounds(0);
    this.tellLoop();
    this.matchLevels(received.stale);
  }

  private tellSounds(_: number): void {
    const { inputWave, resultWave } = received;
    if (!inputWave) return this.player?.stop();
    const [original, result] = [inputWave, resultWave].map((wave) => (wave ? [wave.samples, wave.right?.samples ?? wave.samples] : NOTHING));
    this.player?.tell({ sounds: [original, result], end: inputWave.samples.length, wanted: this.hears === 'result' ? 1 : 0 });
  }

  private tellLoop(): void {
    const { range, duration } = look;
    const rate = this.player?.rate ?? 1;
    const length = Math.max(1, Math.round(duration * rate));
    const [start, end] = range ? [range.start, range.end] : [0, duration];
    const first = Math.floor(start * rate);
    const loop = this.looping ? [first, Math.min(Math.max(Math.floor(end * rate), first + 64), length)] : null;
    this.player?.tell({ loop });
  }

  /** The louder of the two is turned down to the softer. */
  private matchLevels(stale: boolean): void {
    const on = this.matched;
    if (stale) return; // it is measured when it is all there
    const [a, b] = [received.inputWave, received.resultWave].map((wave) => (wave && on ? level(wave.samples, wave.right?.samples) : 0));
    this.player?.tell({ gains: a > 0 && b > 0 ? [Math.min(1, b / a), Math.min(1, a / b)] : [1, 1] });
  }

  /** What the audio thread has to say, once a frame. */
  poll(): void {
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
    if (this.playing) look.follow(this.time);
  }

  unclip(): void {
    this.clipped = false;
    if (this.player) this.player.control[3] = 0;
  }

  async toggle(fromStart = false): Promise<void> {
    const { player } = this;
    if (!player) return;
    if (player.playing && !fromStart) return player.stop();
    const { range } = look;
    if (fromStart) player.seek(range && this.looping ? range.start : 0);
    else if (this.looping && range && (player.time < range.start || player.time >= range.end)) player.seek(range.start);
    await player.play();
  }

  seek(time: number): void {
    this.player?.seek(Math.min(Math.max(time, 0), look.duration));
  }

  swap(): void {
    this.hears = this.hears === 'result' ? 'original' : 'result';
    this.player?.tell({ wanted: this.hears === 'result' ? 1 : 0 });
    notices.say(this.hears === 'result' ? 'Result' : 'Original');
  }

  stop(): void {
    this.player?.stop();
  }
}

export const transport = new Transport();
