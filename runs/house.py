"""The house in figures: what imports what in the package, at revisions of this repository.

    python runs/house.py f7f1ed8 HEAD

Prints a Markdown table (docs/lab/house.md): modules, arrows (imports of one module by another, inside functions and for types,
too), circles (groups of modules that import each other) and floors (the longest way down, a circle being one floor); then the
same of what stands at the top of the package, where a folder counts as one. tests/test_imports.py walks by these functions.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

Sources = dict[str, Path]  # module → file


def modules_of(package: Path) -> Sources:
    """The modules of a package, but for folders whose names begin with a line: what is built."""
    files = (f for f in package.rglob("*.py") if not any(part.startswith("_") for part in f.relative_to(package).parent.parts))
    return {".".join(_name(file.relative_to(package.parent))): file for file in files}


def _name(file: Path) -> tuple[str, ...]:
    parts = file.with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported(modules: Sources, module: str, everywhere: bool = True) -> set[str]:
    """What a module imports, inside its functions and for its types too; not everywhere: only what loading it imports."""
    file = modules[module]
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    found, stack = set(), [ast.parse(file.read_text("utf-8"))]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base for alias in node.names}
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if everywhere or not (typing or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
            stack += ast.iter_child_nodes(node)
    return found - {module}


def arrows_of(modules: Sources) -> list[tuple[str, str]]:
    return [(module, other) for module in modules for other in sorted(imported(modules, module)) if other in modules]


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Every module with those that it reaches and that reach it; more than one is a circle."""

    def reached(start: str) -> set[str]:
        found, stack = set(), [start]
        while stack:
            for other in graph[stack.pop()] - found:
                found.add(other)
                stack.append(other)
        return found

    reach = {module: reached(module) for module in graph}
    return list({frozenset({m, *(o for o in reach[m] if m in reach[o])}): None for m in graph})


def figures(package: Path) -> list[str]:
    modules = modules_of(package)
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for module, other in arrows_of(modules):
        graph[module].add(other)
    top = {module: module.split(".")[1] if "." in module else "" for module in modules}
    folders: dict[str, set[str]] = {name: set() for name in top.values()}
    for module, others in graph.items():
        folders[top[module]] |= {top[other] for other in others} - {top[module]}
    longest = max(len(file.read_text("utf-8").splitlines()) for file in modules.values())
    return [*shape(graph), *shape(folders), str(longest)]


def shape(graph: dict[str, set[str]]) -> list[str]:
    """How many there are, their arrows, circles and floors."""
    groups = circles(graph)
    group = {module: index for index, members in enumerate(groups) for module in members}
    height: dict[int, int] = {}

    def floor(index: int) -> int:
        if index not in height:
            below = {group[other] for module in groups[index] for other in graph[module]} - {index}
            height[index] = 1 + max(map(floor, below), default=0)
        return height[index]

    floors = max(floor(index) for index in range(len(groups)))
    return [str(n) for n in (len(graph), sum(map(len, graph.values())), sum(len(g) > 1 for g in groups), floors)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs="+", help="commits, tags, branches")
    four = "arrows | circles | floors"
    print(f"| | modules | {four} | at the top | {four} | longest file, lines |\n" + "|---" * 10 + "|")
    for revision in parser.parse_args().revisions:
        packed = subprocess.run(["git", "archive", revision, "src/melisma"], check=True, capture_output=True).stdout
        with tempfile.TemporaryDirectory() as place, tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(place, filter="data")
            print(f"| {revision} | " + " | ".join(figures(Path(place) / "src/melisma")) + " |")


if __name__ == "__main__":
    main()
