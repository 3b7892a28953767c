"""What no model file goes beyond, and the versions of the format that are read: here, and in the core by `make generate`."""

from __future__ import annotations

VERSIONS = (1, 2)  # that are read: see docs/reference/model-file.md. Written is the first that holds what there is to write
MOST_BYTES = 256 << 20
MOST_HEADER = 4 << 20
MOST_TENSORS = 4096
DEEPEST = 64  # levels of JSON
MOST_MAPPED = 4098  # rows of a map
LONGEST_ROW = 4096  # numbers of a row in 8 bits: what the core's sums in 32 bits hold
