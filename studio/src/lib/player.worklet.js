// The audio thread: plays two sounds of two channels from shared memory at one position, swaps between them without a gap, limits, meters.
// The page writes into that memory as results arrive, under the playhead too: what was about to sound then fades into what
// is there now.
//
// `control` is a shared Float64Array: 0 position in samples, 1 playing, 2 peak before the limiter since the page last looked,
// 3 whether it was over full scale, 4 what the limiter took away (gain).

const BOTH = [0, 1];
const FADE = 256; // samples of a swap, a start, a stop
const AHEAD = 64; // samples that the limiter looks ahead
const CEILING = 0.985;

class Player extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.control = processorOptions.control;
    this.original = this.result = BOTH.map(() => new Float32Array(0));
    this.position = 0;
    this.playing = false;
    this.level = 0; // fades in and out
    this.share = 1; // of the result
    this.wanted = 1;
    this.gains = [1, 1];
    this.loop = null;
    this.end = 0;
    this.jump = -1;
    this.seen = BOTH.map(() => new Float32Array(FADE)); // the result from `seenAt` on, as it was when last looked at
    this.due = BOTH.map(() => new Float32Array(FADE)); // and as it was about to sound
    this.seenAt = -1;
    this.before = BOTH.map(() => new Float32Array(FADE)); // what fades out, from `changedAt` on
    this.changedAt = -2 * FADE;
    this.ring = BOTH.map(() => new Float32Array(AHEAD));
    this.at = 0;
    this.hold = 0;
    this.envelope = 0;
    this.gain = 1;
    this.sample = new Float64Array(2); // what is about to go to the limiter
    this.port.onmessage = ({ data }) => this.obey(data);
  }

  obey(data) {
    if (data.sounds) [this.original, this.result] = data.sounds;
    if (data.end !== undefined) this.end = data.end;
    if (data.gains) this.gains = data.gains;
    if (data.loop !== undefined) this.loop = data.loop;
    if (data.wanted !== undefined) this.wanted = data.wanted;
    if (data.seek !== undefined) {
      if (this.playing && this.level > 0) this.jump = data.seek;
      else this.position = data.seek;
    }
    if (data.play !== undefined) this.playing = data.play;
    if (data.panic) {
      this.playing = false;
      this.level = 0;
      for (const ring of this.ring) ring.fill(0);
      this.envelope = 0;
    }
  }

  /** A channel of the result at a place: just after a change, on its way from what it was. */
  resultAt(c, place) {
    const since = place - this.changedAt;
    const now = this.result[c][place] || 0;
    if (since < 0 || since >= FADE) return now;
    return this.before[c][since] + (now - this.before[c][since]) * (since / FADE);
  }

  /** Whether the page has written where the playhead is. */
  look() {
    const { result, seen, position } = this;
    if (this.seenAt !== position) return;
    for (const c of BOTH)
      for (let i = 0; i < FADE; i++)
        if (seen[c][i] !== (result[c][position + i] || 0)) {
          for (const d of BOTH) this.before[d].set(this.due[d]);
          this.changedAt = position;
          return;
        }
  }

  remember() {
    this.seenAt = this.playing ? this.position : -1;
    if (!this.playing) return;
    for (const c of BOTH)
      for (let i = 0; i < FADE; i++) {
        this.seen[c][i] = this.result[c][this.position + i] || 0;
        this.due[c][i] = this.resultAt(c, this.position + i);
      }
  }

  process(_, [out]) {
    const { control, sample } = this;
    let peak = 0;
    this.look();
    for (let i = 0; i < out[0].length; i++) {
      const up = this.playing && this.jump < 0;
      this.level = Math.min(1, Math.max(0, this.level + (up ? 1 : -1) / FADE));
      if (this.jump >= 0 && this.level === 0) {
        this.position = this.jump;
        this.jump = -1;
      }
      sample[0] = sample[1] = 0;
      if (this.level > 0) {
        this.share += Math.sign(this.wanted - this.share) * Math.min(1 / FADE, Math.abs(this.wanted - this.share));
        for (const c of BOTH) {
          const a = (this.original[c][this.position] || 0) * this.gains[0];
          const b = this.resultAt(c, this.position) * this.gains[1];
          const x = (a * (1 - this.share) + b * this.share) * this.level;
          sample[c] = x > -100 && x < 100 ? x : 0;
        }
        this.position++;
        if (this.loop && this.position >= this.loop[1]) this.position = this.loop[0];
        else if (this.position >= this.end) {
          this.playing = false;
          this.level = 0;
          this.position = 0;
        }
      }
      const loud = Math.max(Math.abs(sample[0]), Math.abs(sample[1]));
      if (loud > peak) peak = loud;
      this.limit(out, i, loud);
    }
    this.remember();
    control[0] = this.jump >= 0 ? this.jump : this.position;
    control[1] = this.playing ? 1 : 0;
    if (peak > control[2]) control[2] = peak;
    if (peak > 1) control[3] = 1;
    control[4] = this.gain;
    return true;
  }

  /** Both channels at place i, held by the same gain so that nothing moves between them. */
  limit(out, i, loud) {
    if (loud >= this.envelope) {
      this.envelope = loud;
      this.hold = AHEAD;
    } else if (this.hold > 0) this.hold--;
    else this.envelope *= 0.9997;
    const wanted = this.envelope > CEILING ? CEILING / this.envelope : 1;
    this.gain += (wanted - this.gain) * (wanted < this.gain ? 0.1 : 0.001);
    for (const c of BOTH) {
      out[c][i] = Math.min(1, Math.max(-1, this.ring[c][this.at] * this.gain));
      this.ring[c][this.at] = this.sample[c];
    }
    this.at = (this.at + 1) % AHEAD;
  }
}

registerProcessor('melisma-player', Player);
