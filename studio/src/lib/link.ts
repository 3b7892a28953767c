// The wire to the server: one WebSocket for the session, HTTP for sounds and files.

import { short } from './document';
import type { Binary, Effects, FromServer, MapInfo, Outline, Session, SoundInfo, Take, ToServer } from './protocol';

export interface Listener {
  message(message: FromServer): void;
  binary(header: Binary, body: ArrayBuffer): void;
  lost(): void;
}

export class Link {
  private socket: WebSocket | null = null;
  private closed = false;
  private wait = 250;

  constructor(private listener: Listener) {}

  open(): void {
    this.closed = false;
    const socket = (this.socket = new WebSocket(`ws://${location.host}/ws`));
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.wait = 250;
      if (typeof data === 'string') this.listener.message(JSON.parse(data) as FromServer);
      else this.listener.binary(...parts(data));
    };
    socket.onclose = () => {
      if (this.closed || this.socket !== socket) return;
      this.listener.lost();
      setTimeout(() => !this.closed && this.open(), (this.wait = Math.min(2 * this.wait, 4000)));
    };
  }

  /** Whether it went out. */
  send(message: ToServer): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
  }
}

/** A binary message → its header and its body. */
export function parts(message: ArrayBuffer): [Binary, ArrayBuffer] {
  const length = new DataView(message).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length))) as Binary;
  return [header, message.slice(4 + length)];
}

/** The server's answer that it does not do that, in its sentence. */
export class Refused extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Error('The studio does not answer: is `melisma studio` still running?');
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let message = text;
  try {
    message = (JSON.parse(text) as { message: string }).message;
  } catch {
    // not JSON: the text itself
  }
  throw new Refused(message || `The studio answered with ${answer.status}`, answer.status);
}

/** A name in an address, where one with a slash would be a folder's. */
const encoded = (name: string) => encodeURIComponent(short(name).replace(/[/\\]/g, '_'));

const named = (name: string) => ({ 'x-name': encodeURIComponent(short(name)) });

export async function upload(data: Blob, name: string): Promise<SoundInfo> {
  return (await ask('/api/sounds', { method: 'POST', body: data, headers: named(name) })).json();
}

export async function example(name: string): Promise<SoundInfo> {
  return (await ask(`/api/examples/${encodeURIComponent(name)}`, { method: 'POST' })).json();
}

/** Samples of each channel, left first, and how many channels there are that differ. */
export interface Heard { channels: Float32Array[]; sides: number }

async function heard(path: string, init?: RequestInit): Promise<Heard> {
  const answer = await ask(path, init);
  const all = new Float32Array(await answer.arrayBuffer());
  const count = Number(answer.headers.get('x-channels') ?? 1);
  const channels = Array.from({ length: count }, (_, c) => all.subarray((c * all.length) / count, ((c + 1) * all.length) / count));
  return { channels, sides: Number(answer.headers.get('x-sides') ?? count) };
}

/** A sound, mixed to one channel unless a stereo one is to stay so. */
export function samples(hash: string, model: string, stereo: boolean): Promise<Heard> {
  return heard(`/api/sounds/${hash}/samples?model=${encodeURIComponent(model)}${stereo ? '&channels=2' : ''}`);
}

export async function outline(hash: string): Promise<Outline> {
  return (await ask(`/api/sounds/${hash}/outline`)).json();
}

export async function mel(hash: string, model: string): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(`/api/sounds/${hash}/mel?model=${encodeURIComponent(model)}`)).arrayBuffer());
}

export async function takeSamples(take: Take): Promise<Float32Array[]> {
  return (await heard('/api/take/samples', { method: 'POST', body: JSON.stringify(take) })).channels;
}

/** A piece of a take with a latent lower, then higher. */
export async function takeLatent(take: Take, lane: number, at: number | null): Promise<Float32Array> {
  const where = at === null ? '' : `&at=${at.toFixed(4)}`;
  return new Float32Array(await (await ask(`/api/take/latent?lane=${lane}${where}`, { method: 'POST', body: JSON.stringify(take) })).arrayBuffer());
}

/** A short piece of a take, where it is loudest. */
export async function takePiece(take: Take): Promise<Float32Array> {
  return new Float32Array(await (await ask('/api/take/piece', { method: 'POST', body: JSON.stringify(take) })).arrayBuffer());
}

export async function effects(model: string): Promise<Effects> {
  return (await ask(`/api/models/${encodeURIComponent(model)}/effects`)).json();
}

export async function map(model: string): Promise<MapInfo> {
  return (await ask(`/api/models/${encodeURIComponent(model)}/map`)).json();
}

/** A place of a model's map, held. */
export async function point(model: string, x: number, y: number): Promise<Float32Array> {
  return new Float32Array(await (await ask(`/api/models/${encodeURIComponent(model)}/point?x=${x.toFixed(5)}&y=${y.toFixed(5)}`)).arrayBuffer());
}

export async function openSession(file: Blob, name: string): Promise<Session> {
  return (await ask('/api/session', { method: 'POST', body: file, headers: named(name) })).json();
}

export const sessionUrl = (name: string) => `/api/session/${encoded(name)}.melisma-session`;
export const wavUrl = (name: string, snapshot?: number, rate?: 'model') =>
  `/api/take/${encoded(name)}.wav${snapshot === undefined ? '' : `?snapshot=${snapshot}`}${rate ? `?rate=${rate}` : ''}`;
