// What goes in: a sound that goes round and round, or the microphone.

const SILENCE = 0.35; // seconds between two rounds of a sound, so that its end is heard
const FADE = 0.004;
const LONGEST = 600; // seconds of a dropped sound that are kept

/** A decoded sound as one channel, faded at its ends, with silence behind it. */
function prepared(context, decoded) {
  const length = Math.min(decoded.length, LONGEST * decoded.sampleRate), rate = decoded.sampleRate;
  const made = context.createBuffer(1, length + Math.round(SILENCE * rate), rate), sound = made.getChannelData(0);
  for (let c = 0; c < decoded.numberOfChannels; c++) {
    const channel = decoded.getChannelData(c);
    for (let i = 0; i < length; i++) sound[i] += channel[i] / decoded.numberOfChannels;
  }
  const fade = Math.min(Math.round(FADE * rate), length >> 1);
  for (let i = 0; i < fade; i++) {
    sound[i] *= i / fade;
    sound[length - 1 - i] *= i / fade;
  }
  return made;
}

export class Sources {
  constructor(context) {
    this.context = context;
    this.node = null;
  }

  /** A sound from the bytes of its file. Error says in one sentence what is wrong. */
  async sound(bytes, name) {
    try {
      return prepared(this.context, await this.context.decodeAudioData(bytes));
    } catch {
      throw new Error(`${name} is no sound that this browser reads: try WAV, FLAC or MP3`);
    }
  }

  stop() {
    this.node?.disconnect();
    this.node?.stop?.();
    this.node = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  play(sound, into) {
    this.stop();
    this.node = new AudioBufferSourceNode(this.context, { buffer: sound, loop: true });
    this.node.connect(into);
    this.node.start();
  }

  async listen(into) {
    this.stop();
    try {
      // as the microphone hears it: what is made for speech on the telephone takes the music away
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      this.stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      const why = error.name === "NotFoundError" ? "there is none" : "the browser was told not to give it: allow it beside the address";
      throw new Error(`The microphone cannot be heard: ${why}`);
    }
    this.node = this.context.createMediaStreamSource(this.stream);
    this.node.connect(into);
  }
}
