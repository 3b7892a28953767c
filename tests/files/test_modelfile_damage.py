"""Damaged model files: each is refused in one sentence that names the culprit, by both readers."""

import copy
import json
import os
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_files import MELGAN, TINY, edited, joined, parts, quick, tiny, tiny_bytes

from melisma.errors import MelismaError
from melisma.files import modelfile
from melisma.files.config import ModelConfig
from melisma.files.shapes import expected
from melisma.files.weights import in_bytes
from melisma.model import Model


def refusal(path, data: bytes | None = None) -> str:
    """The sentence with which `load` refuses the file; anything but a MelismaError fails the test."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(MelismaError) as caught:
        modelfile.load(path)
    return one_sentence(caught.value, path)


def one_sentence(error: MelismaError, path) -> str:
    text = str(error)
    assert str(path) in text, "the sentence does not name the file"
    # what a hostile file says is neither spread over the terminal nor able to steer it
    assert text.isprintable() and len(text) < len(str(path)) + 300, text[:400]
    return text


def loads_or_refuses(path, data: bytes) -> bool:
    """Whether the file loads; if it does it can also be played, and if not it is refused properly."""
    path.write_bytes(data)
    try:
        model = Model(modelfile.load(path))
    except MelismaError as error:
        one_sentence(error, path)
        return False
    assert model.ranges.shape == (model.latents, 2) and np.isfinite(model.ranges).all()
    with np.errstate(all="ignore"):  # a weight whose exponent flipped may overflow, which is not a crash
        assert len(model.stream().process(np.zeros(40, np.float32))) == 40
    return True


@pytest.mark.parametrize("config", [TINY, MELGAN], ids=["phase", "melgan"])
def test_every_truncation_is_refused(tmp_path, config):
    data = tiny_bytes(config)
    header = 8 + struct.unpack("<Q", data[:8])[0]
    lengths = {*range(12), *range(header - 3, header + 4), *np.linspace(12, len(data) - 1, 60).astype(int), len(data) - 2}
    for length in sorted(lengths):
        refusal(tmp_path / "cut.melisma", data[:length])


@quick
@given(st.data())
def test_flipped_bytes_never_crash(tmp_path_factory, data):
    """Flips among the weights may pass (they are numbers still), but the model can then be played; others are refused."""
    good = bytearray(tiny_bytes())
    header = 8 + struct.unpack("<Q", good[:8])[0]
    places = st.one_of(st.integers(0, header - 1), st.integers(0, len(good) - 1))
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        good[place] ^= data.draw(st.integers(1, 255))
    loads_or_refuses(tmp_path_factory.getbasetemp() / "flipped.melisma", bytes(good))


def nodes(value, at=()):
    """The places of all values in a tree of JSON."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(inner, (*at, key))


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 70),
        st.sampled_from([2**31, 2**63, 2**64, 10**30, -(2**63), 10**400]),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["\x1b[2J", "\ud800", "é" * 5000, "F64", "phase", "melgan"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)


@settings(quick, max_examples=250)
@given(st.data())
def test_any_header_is_read_or_refused(tmp_path_factory, data):
    """Any value in any place of either JSON, where a hostile file would put it, and keys renamed or lost."""
    entries, header, body = copy.deepcopy(parts(tiny_bytes(data.draw(st.sampled_from([TINY, MELGAN])))))
    tree = {"entries": entries, "header": header}
    # half of the draws go to the configuration and its neighbours, which are few beside the tensors' entries
    inside = [at for at in nodes(tree) if len(at) > 1]
    place = data.draw(st.one_of(st.sampled_from([at for at in inside if at[0] == "header"]), st.sampled_from(inside)))
    parent = tree
    for key in place[:-1]:
        parent = parent[key]
    how = data.draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename"]))
    if how == "replace":
        parent[place[-1]] = data.draw(json_values)
    elif how == "remove":
        del parent[place[-1]]
    elif isinstance(parent, dict):
        parent[data.draw(st.sampled_from(["", "x", "model.", "\x1b[2J", "\ud800", "é" * 5000]))] = parent.pop(place[-1])
    else:
        parent.append(data.draw(json_values))
    loads_or_refuses(tmp_path_factory.getbasetemp() / "header.melisma", joined(tree["entries"], tree["header"], body))


def put(*path_and_value):
    """A change that sets header[path…] = value."""
    *path, last, value = path_and_value

    def change(entries, header, body):
        for key in path:
            header = header[key]
        header[last] = value

    return change


def entry(name: str, **values):
    """A change to one tensor's entry."""

    def change(entries, header, body):
        entries[name] = entries.get(name, {}) | values

    return change


def drop(name: str):
    return lambda entries, header, body: entries.pop(name)


def nan_weight(entries, header, body):
    begin = entries["model.encoder.0.conv.weight"]["data_offsets"][0]
    body[begin : begin + 2] = np.array([np.nan], "<f2").tobytes()


def transposed(entries, header, body):
    entries["model.encoder.0.conv.weight"]["shape"].reverse()


def overlap(entries, header, body):
    """Two tensors of one shape in one place."""
    entries["model.encoder.0.conv.bias"]["data_offsets"] = entries["model.decoder.0.conv.bias"]["data_offsets"]


DAMAGE = {
    "unknown version": (put("version", 3), "its format version is 3; this Melisma reads versions 1 and 2"),
    "version of another type": (put("version", "1"), "version"),
    "a version that is true": (put("version", True), "its format version is True"),
    "another format": (put("format", "rave"), "format is melisma"),
    "no name": (put("name", ""), "no name"),
    "no configuration": (put("config", None), "configuration"),
    "an unknown vocoder": (put("config", "vocoder", "kind", "wavenet"), "unknown vocoder 'wavenet'"),
    "a vocoder that is a list": (put("config", "vocoder", "kind", ["phase"]), "unknown vocoder"),
    "an unknown entry": (put("config", "vae", "depth", 3), "vae.depth"),
    "an absurd size": (put("config", "vae", "encoder_width", 10**9), "vae.encoder_width"),
    "a negative size": (put("config", "vae", "latents", -3), "vae.latents"),
    "a hop that does not divide the frame": (put("config", "analysis", "hop", 17), "hop"),
    "no room between fmin and fmax": (put("config", "analysis", "fmin", 5000.0), "fmin"),
    "NaN in the configuration": (put("config", "analysis", "fmin", float("nan")), "fmin"),
    "an absurd latency": (put("latency", 10**12), "latency"),
    "a latency that its frames do not make": (put("latency", 48), "its latency is 48; frames of 64 samples make it as many"),
    "a latency that is a fraction": (put("latency", 64.0), "its latency is 64.0"),
    "JSON deeper than 64": (put("training", "more", json.loads("[" * 70 + "]" * 70)), "nested deeper than 64 levels"),
    "no percentiles": (put("latents", {}), "percentiles"),
    "NaN percentiles": (put("latents", "percentiles", [[0, 0, float("nan"), 1, 2]] * 2), "percentiles"),
    "infinite percentiles": (put("latents", "percentiles", [[0, 0, 0, 1, 10**400]] * 2), "percentiles"),
    "infinity among the latents": (
        put("latents", "collapsed", float("inf")),
        "its latents entry holds a number that is not finite",
    ),
    "NaN among the figures": (put("evaluation", {"leak_r2": float("nan")}), "its evaluation entry holds a number"),
    "percentiles for another number": (put("latents", "percentiles", [[0, 0, 0, 1, 2]] * 3), "percentiles"),
    "timbre beyond the latents": (put("latents", "timbre", [0, 2]), "timbre"),
    "a timbre twice": (put("latents", "timbre", [1, 1]), "timbre"),
    "a timbre that is no list": (put("latents", "timbre", 1), "timbre"),
    "a timbre that is a fraction": (put("latents", "timbre", [0.5]), "timbre"),
    "a missing tensor": (drop("model.decoder.0.conv.weight"), "decoder.0.conv.weight is missing"),
    "no calibration": (drop("model.calibration.forth"), "calibration"),
    "an extra tensor": (entry("model.extra", dtype="F32", shape=[0], data_offsets=[0, 0]), "extra is not part"),
    "a transposed tensor": (transposed, "encoder.0.conv.weight has the shape"),
    "an unread type": (entry("model.decoder.0.conv.bias", dtype="F64"), "F64"),
    "a type that is a list": (entry("model.decoder.0.conv.bias", dtype=["F32"]), "decoder.0.conv.bias"),
    "a huge tensor": (entry("model.decoder.0.conv.bias", shape=[2**20]), "decoder.0.conv.bias does not fit"),
    "an absurd tensor": (entry("model.decoder.0.conv.bias", shape=[2**70]), "decoder.0.conv.bias"),
    "a huge empty tensor": (entry("model.decoder.0.conv.bias", shape=[0, 2**63], data_offsets=[0, 0]), "decoder.0.conv.bias"),
    "a place beyond the end": (entry("model.decoder.0.conv.bias", data_offsets=[2**20, 2**20 + 16]), "does not fit its place"),
    "a place before the start": (entry("model.decoder.0.conv.bias", data_offsets=[-16, 0]), "decoder.0.conv.bias has an odd"),
    "overlapping tensors": (overlap, "overlap"),
    "NaN among the weights": (nan_weight, "encoder.0.conv.weight holds numbers that are not finite"),
    "a golden pair of another shape": (entry("golden.input", shape=[16, 48]), "golden"),
    "half a golden pair": (drop("golden.output"), "golden"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(tmp_path, name):
    change, says = DAMAGE[name]
    assert says in refusal(tmp_path / "damaged.melisma", edited(change))


def bytes_of_eight_bits() -> bytes:
    return modelfile.to_bytes(in_bytes(tiny()))


def narrow_name(entries) -> str:
    return min(name for name, entry in entries.items() if entry["dtype"] == "I8")


def scale_of(entries) -> dict:
    return entries[narrow_name(entries).replace("model.", "scale.")]


BYTE_DAMAGE = {
    "a version without bytes": (put("version", 1), "1, which has no weights in 8 bits"),
    "no scales": (lambda e, h, b: e.pop(narrow_name(e).replace("model.", "scale.")), "8 bits"),
    "stray scales": (entry("scale.calibration.mean", dtype="F32", shape=[0], data_offsets=[0, 0]), "8 bits"),
    "scales of another shape": (lambda e, h, b: scale_of(e).update(shape=[1, *scale_of(e)["shape"]]), "8 bits"),
    "scales of 16 bits": (
        lambda e, h, b: scale_of(e).update(dtype="F16", data_offsets=[0, 2 * scale_of(e)["shape"][0]]),
        "overlap",
    ),
    "a scale beyond numbers": (
        lambda e, h, b: b.__setitem__(slice(*[scale_of(e)["data_offsets"][0] + n for n in (0, 4)]), struct.pack("<f", 3e38)),
        "not finite",
    ),
}


@pytest.mark.parametrize("name", BYTE_DAMAGE)
def test_damage_of_weights_in_8_bits_is_named(tmp_path, name):
    change, says = BYTE_DAMAGE[name]
    entries, header, body = parts(bytes_of_eight_bits())
    body = bytearray(body)
    change(entries, header, body)
    assert says in refusal(tmp_path / "damaged.melisma", joined(entries, header, bytes(body)))


def test_weights_in_8_bits_come_back_as_they_were(tmp_path):
    file = in_bytes(tiny())
    assert file.scales and file.version == 2 and file.golden is None
    modelfile.save(file, tmp_path / "bytes.melisma")
    read = modelfile.load(tmp_path / "bytes.melisma")
    assert read.weight_bits == 8 and set(read.scales) == set(file.scales)
    for name, value in file.tensors.items():
        np.testing.assert_array_equal(
            read.tensors[name], value if name in file.scales else modelfile.rounded({name: value})[name]
        )
        rows = tiny().tensors[name].reshape(len(value), -1)
        if name in file.scales:
            assert (np.abs(value.reshape(rows.shape) - rows) <= np.abs(rows).max(1, keepdims=True) / 254 * 1.001).all()
    changed = replace(read, tensors=read.tensors | {n: v * 1.01 for n, v in read.tensors.items() if n in read.scales})
    with pytest.raises(MelismaError, match="8 bits"):
        modelfile.to_bytes(changed)


def test_the_undamaged_file_passes_the_same_way(tmp_path):
    """Otherwise the tests above could pass for the wrong reason."""
    assert loads_or_refuses(tmp_path / "good.melisma", edited(lambda *_: None))


def test_melgan_ratios_that_do_not_make_the_hop(tmp_path):
    """(4, 2) needs smaller tensors than (4, 4): cut them to fit, so that only the product is wrong."""
    file = tiny(MELGAN)
    wrong = replace(MELGAN, vocoder=replace(MELGAN.vocoder, ratios=(4, 2)))
    cut = {name: file.tensors[name][tuple(slice(n) for n in shape)] for name, shape in expected_unchecked(wrong, 2).items()}
    modelfile.save(replace(file, config=wrong, tensors=cut), tmp_path / "ratios.melisma")
    assert "ratios" in refusal(tmp_path / "ratios.melisma")


def expected_unchecked(config: ModelConfig, kept: int):
    """The tensors of a melgan whose ratios may be wrong: those of the hop they would have."""
    shapes = expected(replace(MELGAN, vocoder=replace(config.vocoder, ratios=(4, 4))), kept)
    weight, bias = "vocoder.6.conv.conv.weight", "vocoder.6.conv.conv.bias"
    assert shapes[weight] == (2 * 4, 4, 2), "the layer that the second ratio shapes is another now"
    return shapes | {weight: (2 * 2, 4, 2), bias: (2 * 2,)}


def test_absurd_header_lengths(tmp_path):
    data = tiny_bytes()
    for length in (0, 1, len(data), 2**31, 2**32 + 5, 2**63, 2**64 - 1):
        refusal(tmp_path / "length.melisma", struct.pack("<Q", length) + data[8:])


def test_deep_json(tmp_path):
    """As deep as a megabyte allows, in the outer and in the inner header, and in a place that is otherwise free."""
    deep = b"[" * 500_000 + b"]" * 500_000
    refusal(tmp_path / "deep.melisma", struct.pack("<Q", len(deep)) + deep)
    nested = json.dumps({"__metadata__": {"melisma": deep.decode()}}).encode()
    refusal(tmp_path / "deep.melisma", struct.pack("<Q", len(nested)) + nested)
    entries, header, body = parts(tiny_bytes())
    text = json.dumps(header)[:-1] + ', "more": ' + "[" * 900 + "]" * 900 + "}"
    outer = json.dumps(entries | {"__metadata__": {"melisma": text}}).encode()
    loads_or_refuses(tmp_path / "deep.melisma", struct.pack("<Q", len(outer)) + outer + body)


def test_a_name_that_is_there_twice(tmp_path):
    entries, header, body = parts(tiny_bytes())
    bias = '"model.decoder.0.conv.bias": ' + json.dumps(entries["model.decoder.0.conv.bias"])
    outer = json.dumps(entries | {"__metadata__": {"melisma": json.dumps(header)}})[:-1] + f", {bias}}}"
    said = refusal(tmp_path / "twice.melisma", struct.pack("<Q", len(outer)) + outer.encode() + body)
    assert "its header has model.decoder.0.conv.bias twice" in said


def test_many_tensors(tmp_path):
    crowd = {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(5000)}
    assert "5000 tensors" in refusal(tmp_path / "crowd.melisma", joined(crowd, {}, b""))


def test_claimed_size_is_refused_before_it_is_read(tmp_path):
    """A sparse file of a terabyte costs nothing to make and must cost nothing to refuse."""
    with open(tmp_path / "huge.melisma", "wb") as file:
        file.truncate(1 << 40)
    assert "MiB" in refusal(tmp_path / "huge.melisma")


def test_other_things_under_the_name(tmp_path):
    refusal(tmp_path / "empty.melisma", b"")
    refusal(tmp_path / "zeros.melisma", bytes(1000))
    refusal(tmp_path / "text.melisma", b"The quick brown fox jumps over the lazy dog.\n" * 40)
    refusal(tmp_path / "sound.melisma", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(500))
    (tmp_path / "folder.melisma").mkdir()
    assert "folder" in refusal(tmp_path / "folder.melisma")
    assert "no file" in refusal(tmp_path / "absent.melisma")
    os.mkfifo(tmp_path / "pipe.melisma")  # reading it would wait for ever
    refusal(tmp_path / "pipe.melisma")


def test_another_safetensors_file(tmp_path):
    from safetensors.numpy import save

    assert "melisma" in refusal(tmp_path / "bert.melisma", save({"weight": np.zeros((2, 2), np.float32)}))
