"""How the page that plays does over minutes: `python hosts/web/tests/minutes.py FOLDER [MINUTES]`, a folder of `melisma web`.

Prints, each half a minute, what Chromium counts of its own gaps, and the share of a core that the audio thread took (Linux).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))
from browser import browser

STEP = 30  # seconds
TOLD = """((c, s) => [c.currentTime, s?.underrunEvents ?? s?.fallbackFramesEvents ?? null,
  s?.underrunDuration ?? s?.fallbackFramesDuration])
  (melisma.context, melisma.context.playbackStats ?? melisma.context.playoutStats)"""


def worklets() -> dict[str, float]:
    """Seconds that each thread that is called an audio worklet's has run, of all processes."""
    found = {}
    for task in Path("/proc").glob("[0-9]*/task/[0-9]*"):
        try:
            if (task / "comm").read_text().startswith(("Realtime AudioW", "AudioWorklet")):
                numbers = (task / "stat").read_text().rpartition(")")[2].split()
                found[str(task)] = (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return found


def main() -> None:
    folder, minutes = Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 1
    others = set(worklets())
    with tempfile.TemporaryDirectory() as profile, browser(shutil.which("chromium") or "chromium", Path(profile)) as page:
        page.open((folder / "index.html").as_uri(), 1400)
        page.until("!document.getElementById('start').disabled")
        page.run("document.getElementById('start').click()")
        page.until("melisma.context.state == 'running' && melisma.level() > 0.1")
        begun, first = time.monotonic(), page.run(TOLD)

        def own() -> float:
            return sum(seconds for task, seconds in worklets().items() if task not in others)

        ran = own()
        while time.monotonic() - begun < 60 * minutes:
            time.sleep(min(STEP, 60 * minutes))
            told, passed = page.run(TOLD), time.monotonic() - begun
            gaps = "gaps are not told" if told[1] is None else f"{told[1] - first[1]} gaps, {told[2] - first[2]:.3f} s"
            share, load = 100 * (own() - ran) / passed, os.getloadavg()[0]
            print(
                f"{passed:5.0f} s, played {told[0] - first[0]:.1f} s: {gaps}; {share:.1f} % of a core (load {load:.1f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
