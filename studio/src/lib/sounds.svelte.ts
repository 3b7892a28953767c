// Sounds and sessions that come in: files, examples, the microphone; and what the lanes need of the one that is open.

import { decoded, Recording } from './audio';
import * as doc from './document';
import { effects } from './effects.svelte';
import * as link from './link';
import { look } from './look.svelte';
import { notices } from './notices.svelte';
import type { SoundInfo, SoundRef } from './protocol';
import { received } from './received.svelte';
import { transport } from './transport.svelte';
import { work } from './work.svelte';

class Sounds {
  recording = $state.raw<Recording | null>(null);
  recorded = $state.raw<{ sound: Blob; name: string } | null>(null); // it has ended, and the server does not have it yet
  private busy = false; // with a microphone that is being opened, or a recording that is handed over
  private shown = ''; // the sound and the model whose input the lanes show

  /** Load what the lanes and the player need of the session's input. */
  async show(): Promise<void> {
    const { input, model, stereo } = work.session.take;
    const info = work.models.find((one) => one.name === model);
    effects.want(info ? model : '');
    const key = input && info ? `${input.hash} ${model} ${stereo}` : '';
    if (key === this.shown) return;
    this.shown = key;
    if (!input || !info) return received.clear();
    notices.loading = `Reading ${input.name}`;
    try {
      const [heard, mel] = await Promise.all([link.samples(input.hash, model, stereo), link.mel(input.hash, model)]);
      if (this.shown !== key) return;
      look.show(heard.channels[0].length / info.rate);
      received.takeInput(heard, mel, info.bands);
      transport.begin(info.rate);
    } catch (error) {
      this.shown = '';
      notices.complain((error as Error).message);
    } finally {
      notices.loading = '';
    }
  }

  /** Begin a new take with a sound; the model stays. */
  use(ref: SoundRef): void {
    [look.range, look.points] = [null, []];
    transport.stop();
    transport.seek(0);
    work.commitTake(`Opened ${ref.name}`, doc.newTake(work.session.take.model, ref));
    notices.say(`Opened ${ref.name}`);
  }

  async openExample(name: string): Promise<void> {
    const info = await notices.attempt(`Opening ${name}`, () => link.example(name));
    if (info) this.use(info.sound);
  }

  /** A file that was dropped or chosen: a session or a sound. */
  async open(file: File): Promise<void> {
    if (file.name.endsWith('.melisma-session')) {
      const session = await notices.attempt(`Opening ${file.name}`, () => link.openSession(file, file.name));
      if (session) work.commit(`Opened ${file.name}`, session);
      return;
    }
    const ref = await this.add(file);
    if (ref) this.use(ref);
  }

  /** Give a sound to the server, for a corner perhaps. */
  async add(file: Blob, name = (file as File).name): Promise<SoundRef | null> {
    const info = await notices.attempt(`Reading ${name}`, () => this.upload(file, name));
    if (info?.notes.length) notices.tell(info.notes.join('. '));
    return info?.sound ?? null;
  }

  /** What the studio does not read the browser may: m4a, mp4, webm. */
  private async upload(file: Blob, name: string): Promise<SoundInfo> {
    try {
      return await link.upload(file, name);
    } catch (refused) {
      const sound = (refused as link.Refused).status === 400 ? await decoded(file) : null;
      if (!sound) throw refused;
      const info = await link.upload(sound, name);
      return { ...info, notes: [`${name} was decoded by the browser, at ${info.rate / 1000} kHz`, ...info.notes] };
    }
  }

  /** Forget what is being recorded. */
  discard(): void {
    this.recording?.stop();
    [this.recording, this.recorded] = [null, null];
  }

  /** Begin to record, or end it and use what was recorded. It stays until the server has it: a tab's memory is all that holds it. */
  async record(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await (this.recording ? this.endRecording(this.recording) : this.beginRecording());
    } finally {
      this.busy = false;
    }
  }

  private async beginRecording(): Promise<void> {
    transport.stop();
    try {
      this.recording = await Recording.start();
      notices.say('Recording');
    } catch {
      notices.complain('The microphone cannot be used: allow it for this page in the browser, and check that it is plugged in');
    }
  }

  private async endRecording(recording: Recording): Promise<void> {
    const sound = recording.stop();
    if (!sound) {
      this.discard();
      return notices.complain('The microphone gave no sound: check that it is plugged in and allowed');
    }
    this.recorded ??= { sound, name: `recording ${new Date().toTimeString().slice(0, 8).replaceAll(':', '.')}.wav` };
    const ref = await this.add(sound, this.recorded.name);
    if (!ref || this.recording !== recording) return;
    [this.recording, this.recorded] = [null, null];
    this.use(ref);
  }
}

export const sounds = new Sounds();
