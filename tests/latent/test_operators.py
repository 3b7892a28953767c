"""Operators written as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import make, same

from melisma import latent
from melisma.errors import MelismaError
from melisma.files import pathfile
from melisma.latent import LatentPath, operators


def apply(path, text, open_path=pathfile.load):
    return operators.apply(path, text, open_path)


def test_text_does_what_the_function_does(tmp_path):
    path, other = make(), make(200, seed=4)
    file = tmp_path / "C:b.npz"
    pathfile.save(other, file)
    pairs = {
        "scale:latents=1,3:by=1.5": path.scale(1.5, dims=[0, 2]),
        "scale:dims=0,2:by=1.5": path.scale(1.5, dims=[0, 2]),  # as it was written first: dims count from 0
        " scale:by=-2×:latents=2-4 ": path.scale(-2, dims=[1, 2, 3]),
        "bias:by=1σ:latents=none:loudness=yes": path.bias(1, dims=[], loudness=True),
        "reverse": path.reverse(),
        "reverse:start=1:end=2s": path.reverse(start=1, end=2),
        "randomize:amount=0.5:seed=3": path.randomize(0.5, 3),
        "smooth:seconds=0.2 s": path.smooth(0.2),
        "hold:at=1": path.hold(1),
        "freeze:at=1": path.hold(1),
        "noise:seed=2": path.randomize(seed=2),
        "draw:latents=2:points=0:1,2:-1": path.draw([(0, 1), (2, -1)], dims=1),
        "draw:points=0/1,2/-1:latents=2": path.draw([(0, 1), (2, -1)], dims=1),  # as it was written before
        "loudness:to=-20": path.set_loudness(-20),
        "loudness:to=-20dB": path.set_loudness(-20),
        "loudness:to=0:-60, 2.5s:-10dB": path.set_loudness([(0, -60), (2.5, -10)]),
        "set_loudness:to=0/-60,2.5/-10": path.set_loudness([(0, -60), (2.5, -10)]),
        "gain:db=+6": path.gain(6),
        f"interpolate:other={file}:curve=0.3": path.interpolate(other, 0.3),
        f"interpolate:loudness=no:other={file}": path.interpolate(other, loudness=False),
        f"mix:others={file},{file}:weights=2,1,1": latent.mix([path, other, other], [2, 1, 1]),
    }
    for text, wanted in pairs.items():
        assert same(apply(path, text), wanted), text
    opened = apply(path, "interpolate:other=corner B:curve=1", open_path={"corner B": other}.__getitem__)
    assert same(opened, path.interpolate(other, 1))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unknown operator ''.*the operators are bias, draw"),
        ("scal:by=2", "unknown operator 'scal' .* did you mean 'scale'"),
        ("scale:b=2", "no parameter 'b' .* it takes by, loudness, latents, start, end"),
        ("scale:by", "'by' .* is not written as parameter=value"),
        ("scale::by=2", "'' in .* is not written as parameter=value"),
        ("scale:by=x", "'by=x' in 'scale:by=x' is not a number"),
        ("scale:by=", "'by=' .* is not a number"),
        ("scale:by=nan", "is outside -10 to 10"),
        ("scale:by=99", "is outside -10 to 10"),
        ("scale:by=2:by=2", "'by' is given twice"),
        ("scale:latents=a", "no list of latents such as 1,3 or 1-4"),
        ("scale:latents=0,2", "'latents=0,2' .* is counted from 0, but latents are counted from 1"),
        ("scale:latents=5", "wants latent 5; this path has the latents 1 to 4"),
        ("scale:latents=1,4-2", "'latents=1,4-2' in .* is counted down from 4 to 2: write 2-4"),
        ("scale:dims=3-0", "is counted down from 3 to 0: write 0-3"),
        ("scale:dims=a", "no list of dimensions such as 0,2 or 0-3"),
        ("scale:dims=9", "wants latent 10; this path has the latents 1 to 4"),
        ("scale:dims=1:latents=2", "'latents' is given twice"),
        ("draw:points=0/1", "which latent the points are for"),
        ("gain:db=1:latents=1", "gain has no parameter 'latents'"),
        ("scale:start=-1", "is not a number from 0 on"),
        ("reverse:loudness=perhaps", "neither yes nor no"),
        ("randomize:seed=1.5", "not a whole number"),
        ("randomize:seed=99999999999", "is outside 0 to"),
        ("loudness", "loudness needs to=… .a level in dBFS"),
        ("loudness:to=soft", "'to=soft' .* is not a number in dB"),
        ("draw:latents=1:points=1,2", "no list of points such as"),
        ("gain:db=1:dims=0", "gain has no parameter 'dims'"),
        ("interpolate:other=absent.npz", "absent.npz is not a file"),
        ("mix:others=", "without the name of a file"),
        ("mix:others=a:weights=1,x", "is not a number"),
    ],
)
def test_wrong_text_gets_one_sentence_that_names_the_part(text, reason):
    with pytest.raises(MelismaError, match=reason) as caught:
        apply(make(), text)
    assert "\n" not in str(caught.value)


@given(st.text("scaledimby=:,0129-./ ", max_size=30))
def test_no_text_crashes(text):
    try:
        assert isinstance(apply(make(5), text), LatentPath)
    except MelismaError:
        pass
