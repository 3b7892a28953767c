"""What the studio says and lets hear of a latent: which way it is brighter, its picture, its sound."""

import json

import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from melisma.latent import LatentPath
from melisma.sound.audio import Audio
from melisma.studio import hearing, protocol, render, session
from melisma.studio.effects import STEPS, effects, measured
from melisma.studio.library import Library
from melisma.studio.protocol import Effects, Session, SoundRef, Take
from melisma.studio.server import Studio

A = SoundRef("a" * 64, "a.wav")


def open_sound(_):
    random = np.random.default_rng(3)
    swell = np.concatenate([np.full(16000, 0.01), np.full(16000, 0.3), np.full(16000, 0.01)])
    return Audio((swell * random.standard_normal(48000)).astype(np.float32), 16000)


def spectrum(model, row, value):
    """The settled mel of a path that stands still, as powers."""
    values = np.zeros((model.latents, 100), np.float32)
    values[row] = value
    path = LatentPath(values, np.full(100, -20, np.float32), model.frame_rate, 99 * model.hop, model.sample_rate)
    return 10.0 ** (10 * (model.decode_mel(path, fine=0, colour=0)[:, -1].astype(np.float64) - 1))


def test_up_is_brighter(model):
    """By another way than it was measured: the middle of the spectrum's power at either end."""
    found = measured(model)
    assert len(found.latents) == model.latents and found.bands == 32
    for row, one in enumerate(found.latents):
        low, high = (spectrum(model, row, value) for value in (-2.0, 2.0))
        octaves = [float((power * np.log2(model.band_centres)).sum() / power.sum()) for power in (low, high)]
        assert one.octaves == pytest.approx(octaves[1] - octaves[0], abs=0.01)
        if abs(one.octaves) >= 0.05:
            assert one.up == np.sign(one.octaves)
        picture = np.frombuffer(one.picture, np.uint8).reshape(STEPS, 32)
        wanted = np.rint(255 * np.clip(np.log10(np.stack([low, high])) / 10 + 1, 0, 1))
        assert np.abs(picture[[0, -1]] - wanted).max() <= 1


def test_it_is_measured_once(model, tmp_path, monkeypatch):
    first = effects(model, tmp_path / "effects")
    monkeypatch.setattr("melisma.studio.effects.measured", lambda model: pytest.fail("measured again"))
    assert effects(model, tmp_path / "effects") == first
    monkeypatch.undo()
    file = next((tmp_path / "effects").iterdir())
    file.write_bytes(file.read_bytes()[:100])  # damaged: measured anew, and kept
    assert effects(model, tmp_path / "effects") == first
    assert protocol.read(file.read_bytes(), Effects) == first


def test_a_folder_that_cannot_be_written_is_no_matter(model, tmp_path):
    (tmp_path / "effects").write_text("a file where the folder would be")
    assert effects(model, tmp_path / "effects") == measured(model)


def test_heard_lower_then_higher(model):
    take = Take("small", A, fine=1.0, colour=0.5)
    sound = hearing.around(take, 1, 1.2, open_sound, model)
    pause = round(hearing.PAUSE * model.sample_rate)
    half = (len(sound) - pause) // 2
    lower, gap, higher = sound[:half], sound[half : half + pause], sound[half + pause :]
    assert not gap.any() and len(lower) == len(higher)
    for piece, by in ((lower, -2.0), (higher, 2.0)):
        path = session.paths(take, open_sound, model)[2].bias(by, dims=[1])
        first = round(1.2 * path.rate)
        wanted = session.ahead(path, model, first, first + round(hearing.SECONDS * path.rate), fine=1.0, colour=0.5)[1]
        np.testing.assert_array_equal(piece[200:-200], wanted[200:-200])


def test_without_a_moment_where_it_is_loudest(model):
    take = Take("small", A)
    loud, soft = (np.sqrt(np.mean(hearing.around(take, 0, at, open_sound, model) ** 2)) for at in (None, 0.0))
    assert loud > 3 * soft
    at_the_end = hearing.around(take, 0, 1e4, open_sound, model)  # as much as there is
    assert len(at_the_end) and np.isfinite(at_the_end).all()


def test_asked_for_by_the_page(small, tmp_path, model):
    studio = Studio(Library(tmp_path / "studio"), 8337)
    with TestClient(studio.app(), "http://127.0.0.1:8337") as client:
        client.cookies.set(studio.cookie, studio.token)
        found = protocol.read(client.get("/api/models/small/effects").content, Effects)
        assert found == measured(model)
        assert client.get("/api/models/nothing/effects").status_code == 400
        body = msgspec.json.encode(Take("small", A))
        for query, word in (("lane=x", "no latent"), ("lane=0&at=1e9", "no moment"), ("lane=0", "not here any more")):
            answer = client.post(f"/api/take/latent?{query}", content=body)
            assert answer.status_code == 400 and word in answer.json()["message"]


def test_names_are_kept_in_the_session(model):
    text = json.dumps({"take": {"model": "small"}, "names": {"small": ["bow", "", "air"]}})
    assert protocol.read(text, Session).names == {"small": ("bow", "", "air")}
    assert protocol.read(json.dumps({"take": {"model": "small"}}), Session).names == {}


def test_strengths_are_those_of_the_layers(model):
    """As a deviation over the bands of what fine and colour add to the mel, in dB."""
    path = model.encode(open_sound(A))
    fine, colour = render.strengths(path)
    bands = len(path.layers)
    place = np.arange(bands)
    for part, rows in ((fine, slice(20, None)), (colour, slice(0, 20))):
        cosines = np.cos(np.pi * place[rows, None] * (place + 0.5) / bands) * np.sqrt(
            np.where(place[rows, None] == 0, 1, 2) / bands
        )
        added = cosines.T @ path.layers[rows]
        np.testing.assert_allclose(part, np.sqrt((added**2).mean(0)), rtol=1e-4, atol=1e-4)
