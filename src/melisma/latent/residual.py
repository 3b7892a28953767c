"""The numbers of the residual's layers, which a path, the core and its reference in training share."""

FINE = 20  # the cosine over the bands that fine structure begins with; those before are colour
LAYER_STEP = 1.0  # dB, in an orthonormal basis
LAYER_MOST = 127  # steps
SILENT, SOUNDING = -80.0, -70.0  # dBFS: between them the residual comes in
BELOW = 4.0  # dB: what lies below the floor is put so far below it, nearly where it lies on average (docs/lab/residual.md)
SINKS = -67.0  # dB below the loudness: a band that is decoded lower falls `vae.sink` times as far again
LOWEST, HIGHEST = -1.0, 4.0  # of a relative mel: beyond them nothing sounds, or all
