"""What the studio says and lets hear of a latent: which way it is brighter, its picture, its sound."""

import json

import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from melisma.latent import LatentPath
from melisma.sound.audio import Audio
from melisma.studio import document, hearing, pieces, render, session
from melisma.studio.document import Puck, Session, SoundRef, Take, Trail
from melisma.studio.effects import STEPS, effects, measured
from melisma.studio.library import Library
from melisma.studio.protocol import Effects, MapInfo
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
    assert document.read(file.read_bytes(), Effects) == first


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
        wanted = pieces.ahead(path, model, first, first + round(hearing.SECONDS * path.rate), fine=1.0, colour=0.5)[1]
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
        found = document.read(client.get("/api/models/small/effects").content, Effects)
        assert found == measured(model)
        assert client.get("/api/models/nothing/effects").status_code == 400
        body = msgspec.json.encode(Take("small", A))
        for query, word in (("lane=x", "no latent"), ("lane=0&at=1e9", "no moment"), ("lane=0", "not here any more")):
            answer = client.post(f"/api/take/latent?{query}", content=body)
            assert answer.status_code == 400 and word in answer.json()["message"]


def test_names_are_kept_in_the_session(model):
    text = json.dumps({"take": {"model": "small"}, "names": {"small": ["bow", "", "air"]}})
    assert document.read(text, Session).names == {"small": ("bow", "", "air")}
    assert document.read(json.dumps({"take": {"model": "small"}}), Session).names == {}


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


@pytest.fixture
def mapped(small, model, home):
    """The small model with a map of its domain, made from noises of two colours."""
    from dataclasses import replace

    import melisma
    from melisma.files import modelfile
    from melisma.training.mapping import domain_map

    random = np.random.default_rng(5)
    white = 0.2 * random.standard_normal(16000 * 20)
    clips = [white.astype(np.float32), np.cumsum(white[: 16000 * 10] - white[: 16000 * 10].mean()).astype(np.float32) * 0.01]
    found = domain_map(model, clips, points=120, seed=1)
    file = home / "models" / "mapped.melisma"
    modelfile.save(replace(model.file, name="mapped", latents=model.file.latents | {"map": found.entry()}), file)
    yield melisma.load("mapped")
    file.unlink()


def test_a_map_changes_nothing_else_of_a_file(mapped, model):
    assert mapped.map is not None and model.map is None
    path = model.encode(open_sound(A))
    np.testing.assert_array_equal(mapped.decode(path), model.decode(path))  # the core reads it and does as before


def test_a_trail_over_the_map(mapped):
    """The latents are those of the places where the trail is; the loudness stays."""
    way = Puck(((0.0, 0.1, 0.2), (1.0, 0.9, 0.6)))
    take = Take("mapped", A, map=Trail(on=True, puck=way))
    _, edited, result = session.paths(take, open_sound, mapped)
    x, y = np.interp(edited.times, [0, 1], [0.1, 0.9]), np.interp(edited.times, [0, 1], [0.2, 0.6])
    np.testing.assert_allclose(result.values, mapped.map.at(x, y), atol=1e-5)
    np.testing.assert_array_equal(result.loudness, edited.loudness)
    off = session.paths(Take("mapped", A, map=Trail(puck=way)), open_sound, mapped)
    np.testing.assert_array_equal(off[2].values, off[1].values)


def test_a_model_without_a_map_plays_on(model):
    take = Take("small", A, map=Trail(on=True))
    np.testing.assert_array_equal(
        session.paths(take, open_sound, model)[2].values, session.paths(take, open_sound, model)[1].values
    )


def test_points_speak(mapped, tmp_path):
    studio = Studio(Library(tmp_path / "studio"), 8337)
    with TestClient(studio.app(), "http://127.0.0.1:8337") as client:
        client.cookies.set(studio.cookie, studio.token)
        info = document.read(client.get("/api/models/mapped/map").content, MapInfo)
        values = np.random.default_rng(0).standard_normal((mapped.latents, 4)).astype(np.float32)
        seen = np.array(info.axes) @ values + np.array(info.offsets)[:, None]
        np.testing.assert_allclose(seen, mapped.map.places(values), atol=1e-4)
        x, y = info.points[0]
        sound = np.frombuffer(client.get(f"/api/models/mapped/point?x={x}&y={y}").content, "<f4")
        assert abs(len(sound) / mapped.sample_rate - hearing.POINT) < 0.05 and np.abs(sound).max() > 0.01
        for query in ("x=2&y=0", "x=0.5", "x=nan&y=0"):
            assert client.get(f"/api/models/mapped/point?{query}").status_code == 400
        assert "no map" in client.get("/api/models/small/map").json()["message"]
