"""Whether there is memory to begin with. OpenBLAS, which NumPy loads, ends the process without a word where there is not."""

from __future__ import annotations

import os
import sys

BEGIN = 256 << 20  # bytes of address space: NumPy, the core and the readers of files take some 200 MB before any sound is read


def enough() -> None:
    """MemoryError where the system would not give that much. Nothing is used of it."""
    if os.name != "posix" or "numpy" in sys.modules:  # where it is there already, the rest is small
        return
    import mmap
    import resource

    try:
        mmap.mmap(-1, BEGIN).close()
    except OSError:
        raise MemoryError(f"Melisma takes {BEGIN >> 20} MB to begin with") from None
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each takes 40 MB at once, and SIGINT is raised where it is not there
