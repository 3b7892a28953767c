"""The file of a latent path: what is saved comes back, and whatever else a file may hold gets one sentence."""

import re
import tracemalloc
import zipfile
import zlib
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import make, paths, same

from melisma.errors import MelismaError
from melisma.files import pathfile
from melisma.latent import LatentPath


@settings(max_examples=25, deadline=None)
@given(
    path=paths,
    model=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    ranged=st.booleans(),
    layered=st.booleans(),
)
def test_save_and_load(tmp_path_factory, path, model, ranged, layered):
    file = tmp_path_factory.getbasetemp() / "round.npz"
    still = np.random.default_rng(path.frames).integers(-127, 128, (9, path.frames), np.int8)[:, np.arange(path.frames) // 3 * 3]
    path = replace(path, model=model, ranges=path.ranges if ranged else None, layers=still if layered else None)
    pathfile.save(path, file)
    after = pathfile.load(file)
    for f in fields(LatentPath):
        a, b = getattr(path, f.name), getattr(after, f.name)
        assert (a is None and b is None) or (np.array_equal(a, b) and type(a) is type(b)), f.name
    with np.load(file, allow_pickle=False) as plain:  # and anyone with numpy reads it
        assert np.array_equal(plain["values"], path.values) and plain["format"] == 1 + layered


def test_a_path_written_by_hand_is_read(tmp_path):
    path = make()
    kept = [f.name for f in fields(path) if f.name != "matched"]  # what is of no use without the sound, no file keeps
    arrays = {name: value for name in kept if (value := getattr(path, name)) is not None} | {
        "format": 1,
        "values": np.asfortranarray(path.values),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    assert same(pathfile.load(tmp_path / "x.npz"), path)


def test_saving_is_whole_or_not_at_all(tmp_path, monkeypatch):
    file = tmp_path / "x.npz"
    pathfile.save(make(), file)
    before = file.read_bytes()

    def full(out, **arrays):
        out.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(MelismaError, match="x.npz could not be written: No space left"):
        pathfile.save(make(seed=1), file)
    assert [f.name for f in tmp_path.iterdir()] == ["x.npz"] and file.read_bytes() == before
    with pytest.raises(MelismaError, match="does not exist"):
        pathfile.save(make(), tmp_path / "absent" / "x.npz")


def hostile(folder):
    """Files that are no path, each with what the error must say."""
    path = make(20)
    pathfile.save(path, folder / "good.npz")
    good = (folder / "good.npz").read_bytes()
    whole = dict(np.load(folder / "good.npz"))

    def write(name, drop=(), **changes):
        np.savez(folder / name, **{k: v for k, v in (whole | changes).items() if k not in drop})

    (folder / "text.npz").write_text("hello")
    (folder / "empty.npz").touch()
    (folder / "cut.npz").write_bytes(good[: len(good) // 2])
    (folder / "folder.npz").mkdir()
    np.savez(folder / "other.npz", x=np.zeros(3))
    np.savez_compressed(folder / "packed.npz", **(whole | {"values": np.zeros((1000, 20000), np.float32)}))
    np.savez_compressed(folder / "bomb.npz", **(whole | {"format": np.zeros(5_000_000)}))
    write("newer.npz", format=np.int64(3))
    layered = make(20, layers=np.arange(-40, 40).reshape(4, 20))
    pathfile.save(layered, folder / "layered.npz")
    whole = dict(np.load(folder / "layered.npz"))
    write("parted.npz", drop=["layers_at"])
    write("long.npz", layers_at=np.arange(21))
    write("late.npz", layers_at=np.arange(20) + 1)
    write("back.npz", layers_at=np.arange(20)[::-1].copy())
    write("many.npz", layers_bands=np.int64(5))
    write("none.npz", layers_bands=np.int64(0))
    write("nozlib.npz", layers=np.arange(9, dtype=np.uint8))
    write("swollen.npz", layers=np.frombuffer(zlib.compress(bytes(50_000_000)), np.uint8))
    whole = dict(np.load(folder / "good.npz"))
    write("lacking.npz", drop=["rate"])
    write("more.npz", extra=np.zeros(3))
    write("pickled.npz", model=np.array(["x", None], dtype=object))
    write("double.npz", values=whole["values"].astype(np.float64))
    write("flat.npz", values=whole["values"].ravel())
    write("nan.npz", values=whole["values"] * np.float32(np.nan))
    write("uneven.npz", loudness=whole["loudness"][:-1])
    write("endless.npz", length=np.int64(1 << 60))
    write("negative.npz", length=np.int64(-1))
    write("slow.npz", rate=np.float64(0))
    # a header that claims a thousand million million numbers
    with zipfile.ZipFile(folder / "huge.npz", "w") as archive, zipfile.ZipFile(folder / "good.npz") as source:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "values.npy":
                data = re.sub(rb"\(4, 20\), } {28}", b"(4, 20000000000000000000), } ".ljust(38), data, count=1)
                assert b"(4, 2000" in data
            archive.writestr(info.filename, data)
    return {
        "absent.npz": "is not a file",
        "folder.npz": "is not a file",
        "text.npz": "is not a latent path, or is damaged",
        "empty.npz": "is not a latent path, or is damaged",
        "cut.npz": "is not a latent path, or is damaged",
        "other.npz": "has no format",
        "packed.npz": "is compressed",
        "bomb.npz": "is compressed",
        "newer.npz": "format 3, .* update Melisma",
        **{f"{name}.npz": "layers do not fit together" for name in "parted long late back many none swollen nozlib".split()},
        "lacking.npz": "rate is missing",
        "more.npz": "unknown entry 'extra'",
        "pickled.npz": "damaged",
        "double.npz": "values is float64",
        "flat.npz": r"values is float32 of shape \(80,\)",
        "nan.npz": "hold NaN",
        "uneven.npz": "loudness of a path have the shape",
        "endless.npz": "length of a path",
        "negative.npz": "length of a path",
        "slow.npz": "frame rate",
        "huge.npz": "damaged",
    }


def test_a_file_that_is_no_path_gets_one_sentence_and_little_memory(tmp_path):
    for name, reason in hostile(tmp_path).items():
        tracemalloc.start()
        with pytest.raises(MelismaError, match=reason) as caught:
            pathfile.load(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8e6, (name, peak)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_never_crash(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "damaged.npz"
    pathfile.save(make(3, 2, layers=np.arange(6).reshape(2, 3)), file)
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        assert np.isfinite(pathfile.load(file).values).all()
    except MelismaError as error:
        assert "damaged.npz" in str(error)
