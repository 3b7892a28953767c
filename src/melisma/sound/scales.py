"""The scales of a mel's levels, which the core and its reference in training share."""

LOUDNESS_FLOOR = -100.0  # dBFS
LOUDNESS_FADE = -80.0  # dBFS: below it the level that is decoded falls four times as fast as the loudness
RELATIVE_LEAST, RELATIVE_MOST = -70.0, 40.0  # dB about the frame's loudness: what an encoder reads
MEL_CEILING = 1.2  # of a decoded log-mel, +20 dBFS: latents pulled far out must not hurt ears
