"""The Pure Data objects, from outside: patches run by the real Pd, against the core's own stream."""

import numpy as np
import pytest
from needs import needs_objects, needs_pd
from pd import Patch
from pd_sounds import STRINGS, sound

pytestmark = [needs_pd, needs_objects]


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_equals_the_stream(tmp_path, strings, rate):
    x = sound(30016)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}")
    patch.plays(x, chain, rate=rate)
    out = patch.records(chain, len(x))
    run = patch.run(len(x), rate)
    assert run.code == 0 and not run.errors
    stream = strings.stream(0 if rate == 44100 else rate)
    assert np.array_equal(run.sounds[out], stream.process(x)) and run.sounds[out].any()


@pytest.mark.parametrize("block", [128, 256, 512, 1024])
def test_any_block_size(tmp_path, strings, block):
    x = sound(16384)
    patch = Patch(tmp_path)
    patch.add(f"block~ {block}")
    chain = patch.object(f"melisma~ {STRINGS}")
    patch.plays(x, chain)
    out = patch.records(chain, len(x))
    run = patch.run(len(x))
    assert not run.errors and np.array_equal(run.sounds[out], strings.stream().process(x)) and run.sounds[out].any()


@pytest.mark.parametrize("rate", [44100, 48000])
def test_latents_as_signals_equal_the_chain(tmp_path, strings, rate):
    x = sound(20032)
    patch = Patch(tmp_path)
    encode, decode = patch.object(f"melisma.encode~ {STRINGS}"), patch.object(f"melisma.decode~ {STRINGS}")
    for d in range(strings.latents + 1):
        patch.cable(encode, decode, d, d)
    patch.plays(x, encode, rate=rate)
    out = patch.records(decode, len(x))
    first, last = patch.records(encode, len(x)), patch.records(encode, len(x), strings.latents)
    run = patch.run(len(x), rate)
    host = 0 if rate == 44100 else rate
    assert not run.errors and np.array_equal(run.sounds[out], strings.stream(host).process(x))
    signals = strings.stream(host).encode_signals(x)
    assert np.array_equal(run.sounds[first], signals[0]) and np.array_equal(run.sounds[last], signals[-1])


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_reported_latency_is_measured(tmp_path, strings, rate):
    """Drum-like bursts: where the envelopes of input and output match best is what the object reports, within a hop."""
    x = np.zeros(2 * rate, np.float32)
    rng = np.random.default_rng(1)
    for start in (rng.uniform(0.1, 1.8, 9) * rate).astype(int):
        x[start : start + rate // 50] += 0.5 * rng.standard_normal(rate // 50) * np.linspace(1, 0, rate // 50)
    patch = Patch(tmp_path)
    chain = patch.object(f"melisma~ {STRINGS}")
    dry = patch.object(f"melisma~ {STRINGS}", "dry")
    patch.hears(chain, 1)
    patch.plays(x, chain, rate=rate)
    patch.cable(patch.inputs[-1][2], dry)
    patch.at(0, "dry bypass 1")
    patch.at(0, "dry reset")
    wet, through = patch.records(chain, len(x)), patch.records(dry, len(x))
    run = patch.run(len(x), rate)
    (told,) = [line for line in run.lines if line.startswith("heard")]
    latency = int(told.split()[4])
    assert told.startswith("heard: model strings 16") and latency == strings.stream(rate).latency
    assert np.array_equal(run.sounds[through][latency:], x[:-latency])
    level = [np.convolve(v.astype(float) ** 2, np.hanning(rate // 100), "same") ** 0.25 for v in (x, run.sounds[wet])]
    size = 2 * len(x)
    match = np.fft.irfft(np.fft.rfft(level[1] - level[1].mean(), size) * np.conj(np.fft.rfft(level[0] - level[0].mean(), size)))
    assert abs(int(np.argmax(match[: rate // 4])) - latency) <= strings.hop * rate / 44100


def test_a_change_of_rate_while_it_runs_tells_the_latency_anew(tmp_path, strings):
    """`; pd dsp 0`, another rate, `; pd dsp 1`; Pd has no message for its rate, so a subpatch resamples."""
    patch = Patch(tmp_path)
    inner = "\n".join((
        "#N canvas 0 0 400 300 inner 0;", "#X obj 10 10 receive block;", "#X obj 10 40 block~ 64 1 1;", f"#X obj 10 70 melisma~ {STRINGS};",
        "#X obj 10 100 print heard;", f"#X obj 90 70 melisma.encode~ {STRINGS};", "#X obj 90 100 print parts;",
        "#X connect 0 0 1 0;", "#X connect 2 1 3 0;", "#X connect 4 17 5 0;", "#X restore 10 10 pd inner;",
    ))  # fmt: skip
    patch.text.append(inner)
    patch.count += 1
    patch.at(100, "block set 64 1 2")
    patch.at(200, "pd dsp 0")
    patch.at(210, "pd dsp 1")  # as it was: nothing to say
    patch.at(300, "block set 64 1 0.5")
    run = patch.run(44100)
    assert run.code == 0
    for word in ("heard: ", "parts: "):
        told = [line.removeprefix(word) for line in run.lines if line.startswith(word)]
        wanted = [strings.stream(rate).latency for rate in (44100, 88200, 22050)]
        assert [int(line.split()[3]) for line in told] == wanted, run.lines
        assert [float(line.split()[4]) for line in told] == pytest.approx(
            [1000 * n / r for n, r in zip(wanted, (44100, 88200, 22050))], abs=0.01
        )


def test_a_rate_at_which_no_model_plays_is_silent_and_says_so(tmp_path, strings):
    patch = Patch(tmp_path)
    patch.text.append("\n".join((
        "#N canvas 0 0 400 300 inner 0;", "#X obj 10 10 receive block;", "#X obj 10 40 block~ 64 1 1;", f"#X obj 10 70 melisma~ {STRINGS};",
        "#X obj 10 100 print heard;", "#X connect 0 0 1 0;", "#X connect 2 1 3 0;", "#X restore 10 10 pd inner;",
    )))  # fmt: skip
    patch.count += 1
    patch.at(100, "block set 64 1 1024")
    patch.at(200, "block set 64 1 1")
    run = patch.run(22050)
    told = [line.removeprefix("heard: ").split()[0] for line in run.lines if line.startswith("heard")]
    assert told == ["model", "silent", "model"] and len(run.errors) == 1, run.lines
