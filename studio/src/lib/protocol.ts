// Written by `python -m melisma.studio.typescript` from document.py and protocol.py: do not edit.

export const VERSION = 1;
export const MOST_STEPS = 500;
export const MOST_POINTS = 20000;
export const MOST_SNAPSHOTS = 256;
export const MOST_NAME = 200;
export const MOST_LANE_NAME = 40;

/** A sound by its content: `hash` is the SHA-256 of the file's bytes, `name` what people call it. */
export interface SoundRef {
  readonly hash: string;
  readonly name: string;
}

/** What an edit acts on: latent lanes (null: all of them), the loudness or not, and a range of time (null: no bound). */
export interface Target {
  readonly lanes: readonly number[] | null;
  readonly loudness: boolean;
  readonly start: number | null;
  readonly end: number | null;
}

/** Straight lines through points, from the first to the last, instead of what the lane had there. */
export interface Draw {
  readonly op: "draw";
  readonly lane: number | "loudness";
  readonly points: readonly (readonly [number, number])[];
}

/** An operator of `melisma operators`, with values for its parameters. */
export interface Operate {
  readonly op: "operate";
  readonly operator: string;
  readonly values: { readonly [name: string]: boolean | number };
  readonly on: Target;
}

/** Back to the curves that were inferred from the input. */
export interface Revert {
  readonly op: "revert";
  readonly on: Target;
}

/** A corner of the square that is the path of a sound. */
export interface SoundCorner {
  readonly kind: "sound";
  readonly sound: SoundRef;
}

/** A corner that is an edited path, as it was when it was kept. */
export interface KeptCorner {
  readonly kind: "kept";
  readonly name: string;
  readonly input: SoundRef;
  readonly edits: readonly Edit[];
}

/** A corner that wanders: smooth noise in every latent, with the loudness of the lanes. */
export interface RandomCorner {
  readonly kind: "random";
  readonly seed: number;
}

/** Where the puck is over time: (seconds, x, y), in the order of time; x to the right, y downwards, straight in between. */
export interface Puck {
  readonly points: readonly (readonly [number, number, number])[];
  readonly loop: boolean;
  readonly speed: number;
}

/** The interpolation square. Corners: left and right above, left and right below; null is what the lanes show. */
export interface Square {
  readonly on: boolean;
  readonly corners: readonly [Corner | null, Corner | null, Corner | null, Corner | null];
  readonly puck: Puck;
  readonly acts: "both" | "latents" | "loudness";
}

/** A way over the map of the domain that the latents take, as the puck takes one over the square. */
export interface Trail {
  readonly on: boolean;
  readonly puck: Puck;
  readonly acts: "all" | "timbre";
}

/** All that sounds: an input, the model it is read and played by, edits in their order, then the square, then the map. domain: how far what is read of a sound is put in the model's domain, see session.py: with fine and colour 0 is the sound itself, with fine alone 1 is the usual transfer. fine, colour: how much is heard of what the path has beside its latents, see Model.decode. stereo: a sound of two channels stays one, each with its own path; else they are mixed. A take from before there were any of these names none, and sounds as it did. */
export interface Take {
  readonly model: string;
  readonly input: SoundRef | null;
  readonly edits: readonly Edit[];
  readonly square: Square;
  readonly fine: number;
  readonly colour: number;
  readonly domain: number;
  readonly map: Trail;
  readonly stereo: boolean;
}

/** A take that was given a name. */
export interface Snapshot {
  readonly name: string;
  readonly take: Take;
}

/** The document: what undo, autosave and the session file are views of. names: what the musician calls latents, for each model by name, in their order; "" is none. */
export interface Session {
  readonly take: Take;
  readonly snapshots: readonly Snapshot[];
  readonly format: 1;
  readonly names: { readonly [name: string]: readonly string[] };
}

/** A step of the history: the document after a finished gesture. */
export interface Step {
  readonly name: string;
  readonly session: Session;
}

/** Play this take instead of the one before: a gesture that is not finished. A newer one cancels an older. heard: where the page plays, or will. */
export interface Render {
  readonly type: "render";
  readonly revision: number;
  readonly take: Take;
  readonly heard: number;
}

/** The document after a finished gesture: it is saved, and its take rendered. name: of the new step of the history, which follows step `at`. null: step `at` was walked to. */
export interface Save {
  readonly type: "save";
  readonly revision: number;
  readonly session: Session;
  readonly at: number;
  readonly name: string | null;
  readonly heard: number;
}

/** Stop rendering; what has been rendered stays. */
export interface Cancel {
  readonly type: "cancel";
}

/** A MIDI controller that nothing on the page is bound to: the user's MIDI map may turn something by it. */
export interface Controller {
  readonly type: "controller";
  readonly channel: number;
  readonly number: number;
  readonly value: number;
}

/** A control of an operator, see melisma.latent.operators.Parameter. `rest`: at which the operator does nothing. */
export interface ParameterInfo {
  readonly name: string;
  readonly unit: string;
  readonly kind: "integer" | "number" | "switch";
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly rest: number;
  readonly summary: string;
}

/** An operator of the panel, and whether it acts on latents and on the loudness. */
export interface OperatorInfo {
  readonly name: string;
  readonly summary: string;
  readonly parameters: readonly ParameterInfo[];
  readonly latents: boolean;
  readonly loudness: boolean;
}

/** A model of the menu. `ranges`: 1st and 99th percentile of each latent on what it was trained on. `hertz`: the middle of each mel band, lowest first. `timbre`: the latents that shape the spectrum's envelope; the others shape what is in it, pitch above all. null: not known. `map`: whether there is a map of its domain. `remark`: what its own training says against it, such as that it is not usable yet. */
export interface ModelInfo {
  readonly name: string;
  readonly rate: number;
  readonly hop: number;
  readonly bands: number;
  readonly hertz: readonly number[];
  readonly ranges: readonly (readonly [number, number])[];
  readonly timbre: readonly number[] | null;
  readonly map: boolean;
  readonly about: string;
  readonly remark: string;
}

/** The answer to an upload. */
export interface SoundInfo {
  readonly sound: SoundRef;
  readonly seconds: number;
  readonly rate: number;
  readonly channels: number;
  readonly notes: readonly string[];
}

/** A sound as a small picture: its lowest and highest samples in stretches of equal length. */
export interface Outline {
  readonly seconds: number;
  readonly rate: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** What a latent does from −2 σ to +2 σ: by how much its sound gets brighter (octaves of its middle) and louder (dB). up: 1 if that is brighter, or else louder; −1 if it is darker: lanes are turned so that up is brighter. picture: the mels on the way, a byte a band, each one's bands together, lowest first. */
export interface Effect {
  readonly up: -1 | 1;
  readonly octaves: number;
  readonly decibels: number;
  readonly picture: string;
}

/** Of all latents of a model. `steps`: mels in each picture. */
export interface Effects {
  readonly steps: number;
  readonly bands: number;
  readonly latents: readonly Effect[];
}

/** A model's map: where its points lie, from 0 to 1, x to the right, y downwards; and how latents z lie in it: to the right axes[0] · z + offsets[0], downwards axes[1] · z + offsets[1]. */
export interface MapInfo {
  readonly points: readonly (readonly [number, number])[];
  readonly axes: readonly [readonly number[], readonly number[]];
  readonly offsets: readonly [number, number];
}

/** The first message: what there is to play with, and the history as it was autosaved; the session is step `at` of it. */
export interface Hello {
  readonly type: "hello";
  readonly version: number;
  readonly history: readonly Step[];
  readonly at: number;
  readonly models: readonly ModelInfo[];
  readonly operators: readonly OperatorInfo[];
  readonly examples: readonly string[];
  readonly most_seconds: number;
}

/** A take that cannot be rendered, or a message that is none: one sentence. */
export interface Failed {
  readonly type: "failed";
  readonly revision: number | null;
  readonly message: string;
}

/** All of this revision's sound has been sent. `milliseconds`: from its arrival on. */
export interface Done {
  readonly type: "done";
  readonly revision: number;
  readonly milliseconds: number;
}

/** Another tab has taken the session over. */
export interface Away {
  readonly type: "away";
}

/** The document of this revision is on the disk. */
export interface Saved {
  readonly type: "saved";
  readonly revision: number;
}

/** By OSC or the MIDI map: "domain", "fine", "colour", "puck.x", "puck.y", "map.x", "map.y", "scale.N" or "bias.N". value: what it is to be. */
export interface Turned {
  readonly type: "turned";
  readonly name: string;
  readonly value: number;
  readonly by: "MIDI" | "OSC";
}

/** Frames [first, first + n) of a path: float32 (n,) for each lane, the loudness last. `frames`: of the whole path. which: "inferred" from the input, "edited", or "result" (after the square). "kept": two rows, how strong fine structure and colour are that go along beside the edited latents, dB. */
export interface Curves {
  readonly type: "curves";
  readonly revision: number;
  readonly which: "edited" | "inferred" | "kept" | "result";
  readonly first: number;
  readonly frames: number;
  readonly lanes: number;
  readonly rate: number;
}

/** Float32 samples [first, first + n) of the result at the model's rate. `total`: of the whole. channels: a stereo sound's are one after the other, left first: of each so many samples. exact: false for those that are to be heard at once, and come again, exact, when what leads to them is rendered. */
export interface Samples {
  readonly type: "samples";
  readonly revision: number;
  readonly first: number;
  readonly total: number;
  readonly exact: boolean;
  readonly channels: 1 | 2;
}

/** Frames [first, first + n) of the result's log-mel, a byte a band, a frame's bands together, lowest first. */
export interface Mel {
  readonly type: "mel";
  readonly revision: number;
  readonly first: number;
  readonly frames: number;
  readonly bands: number;
}

export type Edit = Draw | Operate | Revert;

export type Corner = SoundCorner | KeptCorner | RandomCorner;

export type ToServer = Render | Save | Cancel | Controller;

export type FromServer = Hello | Failed | Done | Away | Saved | Turned;

export type Binary = Curves | Samples | Mel;
