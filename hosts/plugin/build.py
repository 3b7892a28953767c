"""Compile the plug-ins, the core within them, into src/melisma/_plugin/: one command, a minute.

python hosts/plugin/build.py            this machine's
python hosts/plugin/build.py --out DIR  elsewhere

DPF's source and LV2's headers must be there (Debian: apt install dpf-source lv2-dev). One file a plug-in, each with all three
formats: VST3, CLAP and LV2. `melisma plugin install` puts them where hosts look, in the form that each format wants.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))
from building import COMMON, core, module, sources, system  # noqa: E402

ROOT = HERE.parent.parent
FOLDER = "_plugin"  # in the package
SLOW = True  # over a minute: an editable install leaves it to this script
OUT = ROOT / "src" / "melisma" / FOLDER
PLUGINS = ("effect", "instrument")
DPF = ["/usr/share/dpf", "/usr/local/share/dpf"]
LV2 = ["/usr/include", "/usr/local/include", "/opt/homebrew/include"]
ENTRIES = (
    "GetPluginFactory",
    "ModuleEntry",
    "ModuleExit",
    "clap_entry",
    "lv2_descriptor",
    "lv2ui_descriptor",
)  # all that a Linux host sees
MISSING = (
    "the plug-ins were not built: {} was not found; on Debian `apt install dpf-source lv2-dev`, elsewhere set {} to the folder "
    "that has it ({})"
)
ELSEWHERE = "the plug-ins are built for Linux alone so far; python hosts/plugin/build.py tries it for others"


def _found(variable: str, usual: list[str], inside: str) -> Path | None:
    """The folder that has `inside`; an environment variable names it."""
    own = os.environ.get(variable)
    return next((Path(folder) for folder in ([own] if own else usual) if (Path(folder) / inside).is_file()), None)


def dpf() -> Path | None:
    return _found("DPF_PATH", DPF, "distrho/DistrhoPluginMain.cpp")


def lv2() -> Path | None:
    return _found("LV2_INCLUDE", LV2, "lv2/core/lv2.h")


def missing() -> str:
    """What is not there to build with, in one sentence; nothing if all is. It is the same for all targets."""
    if not dpf():
        return MISSING.format("the source of DPF, the framework for VST3 and CLAP,", "DPF_PATH", "distrho/ and dgl/ are in it")
    return "" if lv2() else MISSING.format("LV2's header lv2.h", "LV2_INCLUDE", "lv2/core/lv2.h is in it")


def why_not(target: str = "") -> str:
    """Why a wheel is without them, in one sentence; nothing if it is not. Only what has been run goes into wheels."""
    return missing() if system(target) == "linux" else ELSEWHERE


def version() -> str:
    text = (ROOT / "src" / "melisma" / "__init__.py").read_text(encoding="utf-8")
    return ",".join(re.search(r'__version__ = "(\d+)\.(\d+)\.(\d+)', text).groups())


def build(out: Path | None = None, target: str = "", sanitize: str = "", cxx: str = "") -> list[Path]:
    """Compile the plug-ins into `out`. → the files made. SystemExit says in one sentence what is missing.

    target: one of zig's, such as x86_64-linux-gnu.2.17; this machine's if not said.
    """
    if reason := missing():
        raise SystemExit(reason)
    kind = system(target)
    suffix = {"windows": ".dll", "macos": ".dylib", "linux": ".so"}[kind]
    link = {"windows": [], "macos": [], "linux": ["-pthread", "-Wl,-z,nodelete"]}[kind]
    out = Path(out or OUT)
    made = []
    with tempfile.TemporaryDirectory() as folder:
        # alone: what lies beside them in /usr/include is another compiler's
        shutil.copytree(lv2() / "lv2", Path(folder) / "lv2", symlinks=False)
        include = ["-I", str(COMMON), "-I", str(HERE / "src"), "-isystem", folder, "-isystem", str(dpf() / "distrho")]
        window, more = module(HERE / "window.py"), sources(HERE)
        if reason := window.missing(dpf(), kind):
            print(reason, file=sys.stderr)
        else:
            include += window.prepare(dpf(), kind, Path(folder))
            more += sorted(window.SOURCES.glob("*.cpp"))
            link += [f"-l{name}" for name in window.WINDOWS] if kind == "windows" else ["-ldl", "-Wl,-z,defs"]
        if kind == "linux":
            seen = Path(folder) / "entries"
            seen.write_text(f"{{ global: {' '.join(name + ';' for name in ENTRIES)} local: *; }};")
            link.append(f"-Wl,--version-script={seen}")
        for plugin in PLUGINS:
            define = [f"-DMELISMA_INSTRUMENT={int(plugin == 'instrument')}", f"-DMELISMA_PACKAGE={version()}"]

            def extra(source: Path, define: list[str] = define) -> list[str]:  # alike for both, where it is: zig has it then
                return include if source.parent == COMMON or source.stem in window.DPF else [*include, *define]

            place = core().build(
                target, out / f"{plugin}{suffix}", sanitize, None, more, ["MELISMA_API="], cxx=cxx,
                extra=extra, link_extra=link, library=True,
            )  # fmt: skip
            made.append(place)
    return made


if __name__ == "__main__":
    core().host_command(__doc__, build)
