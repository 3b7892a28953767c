// MIDI learn: any control can be moved by a controller. Knobs and the puck are taken hold of only when the controller passes
// their value (soft takeover); buttons are pressed by keys, and by controllers that pass their middle; menus are walked through.

export interface Control { readonly id: string; readonly label: string; get(): number; set(share: number): void }

const KEPT = 'melisma-midi';

class Midi {
  /** The control that the next controller that moves is bound to. */
  learning = $state<string | null>(null);
  armed = $state(false);
  bindings = $state.raw<Record<string, string>>(read());
  state = $state<'off' | 'on' | 'none'>('off');
  /** A controller that nothing here is bound to: the user's MIDI map may know it. Set by whoever talks to the server. */
  unbound: (channel: number, number: number, value: number) => void = () => {};
  private controls = new Map<string, Control>();
  private last = new Map<string, number>();
  private held = new Set<string>();

  async start(): Promise<void> {
    if (!navigator.requestMIDIAccess) return void (this.state = 'none');
    try {
      const access = await navigator.requestMIDIAccess();
      const listen = () => access.inputs.forEach((input) => (input.onmidimessage = (event) => this.hear(event.data)));
      access.onstatechange = listen;
      listen();
      this.state = 'on';
    } catch {
      this.state = 'none';
    }
  }

  register(control: Control): () => void {
    this.controls.set(control.id, control);
    return () => this.controls.delete(control.id);
  }

  /** Learn mode on or off. */
  arm(): void {
    this.armed = !this.armed;
    this.learning = null;
    if (this.armed && this.state !== 'on') void this.start();
  }

  forget(id: string): void {
    this.bindings = Object.fromEntries(Object.entries(this.bindings).filter(([, bound]) => bound !== id));
    keep(this.bindings);
  }

  /** Which controller moves a control, such as "CC 7, channel 1". */
  boundTo(id: string): string | null {
    const key = Object.keys(this.bindings).find((one) => this.bindings[one] === id);
    if (!key) return null;
    const [channel, number] = key.split(':');
    return `${number.startsWith('key') ? number : `CC ${number}`}, channel ${Number(channel) + 1}`;
  }

  /** In learn mode a press chooses a button or a menu instead of using it. → whether it did. */
  choose(target: Element | null): boolean {
    const id = this.armed ? target?.closest('[data-midi]')?.getAttribute('data-midi') : null;
    if (id) this.learning = id;
    return !!id;
  }

  hear(data: Uint8Array | null): void {
    const kind = data ? data[0] & 0xf0 : 0;
    if (!data || (kind !== 0xb0 && kind !== 0x90)) return;
    const key = `${data[0] & 15}:${kind === 0x90 ? 'key ' : ''}${data[1]}`;
    const share = data[2] / 127;
    if (this.learning) {
      this.bindings = { ...this.bindings, [key]: this.learning };
      keep(this.bindings);
      this.held.delete(key);
      this.learning = null;
    }
    const before = this.last.get(key);
    this.last.set(key, share);
    if (!(key in this.bindings)) return kind === 0xb0 ? this.unbound((data[0] & 15) + 1, data[1], data[2]) : undefined;
    const control = this.controls.get(this.bindings[key]);
    if (!control) return use(this.bindings[key], share, kind === 0x90 ? share > 0 : share >= 0.5 && (before ?? 0) < 0.5);
    const value = control.get();
    const passed = Math.abs(value - share) < 0.02 || (before !== undefined && (before - value) * (share - value) <= 0);
    if (!this.held.has(key) && !passed) return;
    this.held.add(key);
    control.set(share);
  }

  /** Something other than a controller moves a control, to a share of its way. → whether it is on the page. */
  move(id: string, share: number): boolean {
    this.release(id);
    this.controls.get(id)?.set(share);
    return this.controls.has(id);
  }

  /** A control was moved by hand: controllers have to find it again. */
  release(id: string): void {
    for (const key of this.held) if (this.bindings[key] === id) this.held.delete(key);
  }
}

/** Press a button, or choose in a menu, that is on the page. */
function use(id: string | undefined, share: number, pressed: boolean): void {
  const element = id === undefined ? null : document.querySelector<HTMLElement>(`[data-midi="${CSS.escape(id)}"]`);
  if (element instanceof HTMLSelectElement) {
    const to = Math.min(Math.floor(share * element.options.length), element.options.length - 1);
    if (to === element.selectedIndex || element.disabled) return;
    element.selectedIndex = to;
    element.dispatchEvent(new Event('change', { bubbles: true }));
  } else if (pressed) element?.click();
}

function read(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

function keep(bindings: Record<string, string>): void {
  localStorage.setItem(KEPT, JSON.stringify(bindings));
}

export const midi = new Midi();
