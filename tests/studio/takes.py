"""Takes and the sounds that they are of."""

import numpy as np

from melisma.sound.audio import Audio
from melisma.studio import session
from melisma.studio.document import (
    SoundRef,
    Square,
    Take,
)

A, B, LONG = (SoundRef(letter * 64, f"{letter}.wav") for letter in "abc")
RATE = 22050


def noise(seconds, seed=0):
    random = np.random.default_rng(seed)
    return Audio((0.2 * random.standard_normal(int(seconds * RATE))).astype(np.float32), RATE)


SOUNDS = {A.hash: noise(1.0), B.hash: noise(0.5, 1), LONG.hash: noise(12.0, 2)}


def open_sound(ref):
    return SOUNDS[ref.hash]


def take(*edits, square=None):
    return Take("small", A, edits, square or Square())


def paths(wanted, model):
    return session.paths(wanted, open_sound, model)
