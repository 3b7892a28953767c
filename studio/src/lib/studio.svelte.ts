// The page and the server: what is done goes there to be kept and rendered, what is rendered comes back.

import * as doc from './document';
import * as link from './link';
import { midi } from './midi.svelte';
import { look } from './look.svelte';
import { notices } from './notices.svelte';
import type { FromServer, Take, ToServer } from './protocol';
import { received } from './received.svelte';
import { sounds } from './sounds.svelte';
import { transport } from './transport.svelte';
import { turned } from './turned';
import { work, type Kept } from './work.svelte';

const PREVIEW = 40; // ms between the renderings of one gesture

class Studio {
  status = $state<'opening' | 'open' | 'lost' | 'away'>('opening');
  saved = $state(true);
  private unsaved: Extract<ToServer, { type: 'save' }>[] = []; // what the server has not yet said to be on the disk
  private inHand = false; // whether this page has the session: it was greeted, and no other took it since
  private sentAt = 0;
  private later: ReturnType<typeof setTimeout> | undefined;
  private wire = new link.Link({
    message: (message) => this.hear(message),
    binary: (header, body) => received.take(header, body),
    lost: () => (this.status = 'lost'),
  });

  open(): void {
    work.previewed = (take) => this.render(take);
    work.settled = (kept) => this.save(kept);
    midi.unbound = (channel, number, value) => void this.wire.send({ type: 'controller', channel, number, value });
    this.wire.open();
    const tick = () => {
      transport.poll();
      requestAnimationFrame(tick);
    };
    tick();
  }

  /** Another tab had the session: take it back. */
  claim(): void {
    this.status = 'opening';
    this.wire.open();
  }

  // --- from the server ---

  private hear(message: FromServer): void {
    const current = 'revision' in message && message.revision === received.revision;
    if (message.type === 'hello') this.greet(message);
    else if (message.type === 'done') current && (received.finish(message.milliseconds), look.rescale());
    else if (message.type === 'saved') {
      this.unsaved = this.unsaved.filter((save) => save.revision > message.revision);
      this.saved = !this.unsaved.length;
    } else if (message.type === 'turned') turned(message.name, message.value, message.by);
    else if (message.type === 'failed') (current || message.revision === null) && this.fail(message.message);
    else this.leave();
  }

  private greet(hello: Extract<FromServer, { type: 'hello' }>): void {
    const again = this.inHand;
    this.inHand = true;
    [work.models, work.operators, work.examples] = [hello.models, hello.operators, hello.examples];
    this.status = 'open';
    if (again) this.resend();
    else if (hello.history.length) {
      work.begin(hello.history, hello.at);
      this.save(work.place);
    } else if (hello.models.length) {
      work.begin([{ name: 'New', session: doc.newSession(hello.models[0].name) }], 0);
      this.save({ ...work.place, at: -1, name: 'New' });
      void sounds.openExample(hello.examples[0]);
    } else notices.complain('There are no models yet: `melisma train FOLDER` makes one.');
  }

  /** The server was started again: it gets what it has not seen of the page's history. */
  private resend(): void {
    for (const save of this.unsaved) this.wire.send(save);
    this.save(work.place);
  }

  private leave(): void {
    this.status = 'away';
    this.inHand = false;
    this.wire.close();
    transport.stop();
  }

  private fail(message: string): void {
    notices.complain(message);
    received.finish();
  }

  // --- to the server ---

  /** Show a take that is not finished, at most every PREVIEW ms; the last one is always sent. */
  private render(take: Take): void {
    clearTimeout(this.later);
    const wait = this.sentAt + PREVIEW - performance.now();
    if (wait > 0) {
      this.later = setTimeout(() => this.render(take), wait);
      return;
    }
    this.wire.send({ type: 'render', revision: this.ask(), take, heard: transport.time });
  }

  /** Have a step of the history kept, and its take rendered. */
  private save({ session, at, name }: Kept): void {
    clearTimeout(this.later);
    look.keepPoints();
    void sounds.show();
    const revision = this.ask();
    if (!session.take.input) received.finish(); // nothing to render
    const save = { type: 'save', revision, session, at, name, heard: transport.time } as const;
    this.saved = false;
    this.unsaved.push(save);
    this.wire.send(save);
  }

  private ask(): number {
    this.sentAt = performance.now();
    if (notices.notice?.bad) notices.dismiss();
    return received.ask();
  }

  cancel(): void {
    this.wire.send({ type: 'cancel' });
    if (received.stale) notices.say('Rendering stopped');
    received.finish();
  }

  /** Render again what was stopped. */
  resume(): void {
    this.save(work.place);
  }

  panic(): void {
    transport.player?.panic();
    this.cancel();
    notices.say('Silence');
  }
}

export const studio = new Studio();
