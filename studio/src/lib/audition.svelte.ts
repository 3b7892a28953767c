// Short sounds beside the transport: snapshots, what a latent does, points of the map. One at a time; playing the session ends it.

import { notices } from './notices.svelte';
import { transport } from './transport.svelte';

class Audition {
  playing = $state(''); // the id of what is heard
  private context: AudioContext | null = null;
  private source: AudioBufferSourceNode | null = null;
  private wanted = '';

  constructor() {
    $effect.root(() => {
      $effect(() => {
        if (transport.playing) this.stop();
      });
    });
  }

  stop(): void {
    this.wanted = '';
    this.source?.stop();
    [this.source, this.playing] = [null, ''];
  }

  /** Play that, or stop it if it plays. `sound` is at `rate` Hz. */
  async toggle(id: string, rate: number, sound: () => Promise<Float32Array | Float32Array[]>): Promise<void> {
    if (this.playing === id) return this.stop();
    await this.play(id, rate, sound);
  }

  async play(id: string, rate: number, sound: () => Promise<Float32Array | Float32Array[]>): Promise<void> {
    this.stop();
    transport.player?.stop();
    this.wanted = id;
    try {
      const found = await sound();
      const channels = Array.isArray(found) ? found : [found];
      if (this.wanted !== id) return; // another was asked for meanwhile
      const context = (this.context ??= new AudioContext());
      await context.resume();
      const buffer = context.createBuffer(channels.length, Math.max(1, channels[0].length), rate);
      channels.forEach((samples, c) => buffer.copyToChannel(samples as Float32Array<ArrayBuffer>, c));
      const limiter = new DynamicsCompressorNode(context, { threshold: -1, knee: 0, ratio: 20, attack: 0.001, release: 0.1 });
      const node = (this.source = new AudioBufferSourceNode(context, { buffer }));
      node.connect(limiter).connect(context.destination);
      node.onended = () => this.source === node && ([this.source, this.playing] = [null, '']);
      node.start();
      this.playing = id;
    } catch (error) {
      notices.complain((error as Error).message);
    }
  }
}

export const audition = new Audition();
