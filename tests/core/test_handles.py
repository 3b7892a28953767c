"""Objects that own memory of the core: freed once, never copied. A model travels by its file."""

import ast
import copy
import dataclasses
import gc
import importlib
import inspect
import multiprocessing
import pickle
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from slots import Slot

import melisma
from melisma.core import binding, layout
from melisma.core.exciter import Exciter
from melisma.core.handle import Handle, Single
from melisma.core.library import library
from melisma.core.loop import CoreLoop
from melisma.errors import Damaged, NotFound
from melisma.files import modelfile

SOURCE = Path(melisma.__file__).parent
pytestmark = pytest.mark.usefixtures("tiny")
SOUND = np.sin(np.arange(3000) / 20).astype(np.float32) / 4


def single() -> list[type]:
    """All classes of the package that there is one of, found by walking its modules."""
    for module in pkgutil.walk_packages(melisma.__path__, "melisma."):
        if "__main__" not in module.name:
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError:  # an extra that is not installed
                assert ".training" in module.name or ".studio" in module.name, module.name
    found, todo = [], [Single]
    while todo:
        one = todo.pop()
        todo += one.__subclasses__()
        found += [one] if one.__module__.startswith("melisma.") and one not in (Single, Handle) else []
    return found


def made(kind: type):
    """One of that class. A new class that owns something of the core's is entered here."""
    model = melisma.load("tiny")
    core = model._engine.model
    make = {
        "CoreModel": lambda: core,
        "CoreStream": lambda: core.stream(),
        "Slot": lambda: Slot(16000),
        "CoreLoop": lambda: CoreLoop(16000),
        "Stream": lambda: model.stream(),
        "Exciter": lambda: Exciter(16000),
    }
    return make[kind.__name__]()


@pytest.mark.parametrize("kind", [*single(), Slot], ids=lambda kind: kind.__name__)
def test_what_owns_memory_refuses_to_be_copied_and_says_what_to_do(kind):
    one = made(kind)
    for act in (copy.copy, copy.deepcopy, pickle.dumps, lambda it: pickle.dumps(it, 0), lambda it: copy.deepcopy([it])):
        with pytest.raises(TypeError, match=f"{kind.__name__} cannot be copied, pickled or sent to another process: ."):
            act(one)


def calls(node: ast.AST) -> set[str]:
    """What is called in there: names, and texts that `_call` is given."""
    return {a.value for n in ast.walk(node) if isinstance(n, ast.Call) for a in n.args if isinstance(a, ast.Constant)}


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_class_that_makes_something_of_the_cores_is_a_handle(file):
    makers = {name for name, (result, _) in layout.FUNCTIONS.items() if result is layout.c_void_p}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef) and calls(node) & (makers - {"slot_stream", "slot_retired"}):
            assert "Handle" in [getattr(base, "id", "") for base in node.bases], f"{node.name} keeps a pointer of the core's"


def test_nothing_defines_its_own_freeing():
    for kind in single():
        assert "__del__" not in vars(kind) and "__reduce__" not in vars(kind), inspect.getsourcefile(kind)


def test_each_is_freed_once(monkeypatch):
    freed = []
    for name in ("stream_free", "close", "slot_free", "loop_free"):
        free = getattr(library(), f"melisma_{name}")
        monkeypatch.setattr(library(), f"melisma_{name}", lambda at, name=name, free=free: (freed.append((name, at)), free(at)))
    core = binding.CoreModel((Path(melisma.load("tiny").path)).read_bytes())
    stream, slot, loop = core.stream(), Slot(16000), CoreLoop(16000)
    given = core.stream()
    slot.put(given)  # the slot's from here on
    with pytest.raises(TypeError, match="given away"):
        given.process(SOUND)
    del core, stream, slot, loop, given
    gc.collect()
    names = [name for name, at in freed if at]
    assert sorted(names) == ["close", "loop_free", "slot_free", "stream_free"] and len(set(freed)) == len(freed)


def test_a_used_model_is_copied_and_pickled(tiny):
    model = melisma.load("tiny")
    wanted = model.transfer(SOUND)
    for other in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model)), copy.deepcopy([model])[0]):
        assert other is not model and np.array_equal(other.transfer(SOUND), wanted)
    assert len(pickle.dumps(model)) < 1000  # by its file
    unfiled = melisma.Model(model.file)
    assert np.array_equal(pickle.loads(pickle.dumps(unfiled)).transfer(SOUND), wanted)


def test_a_model_whose_file_is_another_one_is_refused(tiny, tmp_path, monkeypatch):
    file = tmp_path / "mine.melisma"
    file.write_bytes(tiny.read_bytes())
    monkeypatch.chdir(tmp_path)
    kept = pickle.dumps(melisma.load("mine.melisma"))
    monkeypatch.chdir("/")
    assert pickle.loads(kept).name == "tiny"  # wherever it is opened
    modelfile.save(dataclasses.replace(modelfile.load(file), name="other"), file)
    with pytest.raises(Damaged, match="another file than it was"):
        pickle.loads(kept)
    file.unlink()
    with pytest.raises(NotFound, match="mine.melisma"):
        pickle.loads(kept)


def transfer(model: melisma.Model) -> np.ndarray:
    return model.transfer(SOUND)


@pytest.mark.parametrize("way", [way for way in ("spawn", "fork") if way in multiprocessing.get_all_start_methods()])
def test_models_in_pools_of_processes(way):
    model = melisma.load("tiny")
    wanted = transfer(model)  # used before, and after
    with multiprocessing.get_context(way).Pool(2) as pool:
        for got in pool.map_async(transfer, [model] * 4).get(timeout=120):
            assert np.array_equal(got, wanted)
    assert np.array_equal(transfer(model), wanted)


AT_EXIT = """
import melisma, threading, time, numpy as np
model = melisma.load("tiny")
stream = model.stream()
kept = [model.stream() for _ in range(3)]
circle = [stream]; circle.append(circle)
def play():
    while True: stream.process(np.zeros(64, np.float32))
threading.Thread(target=play, daemon=True).start()
time.sleep(0.2)
"""


def test_the_interpreter_ends_well_with_streams_alive_and_at_work():
    for _ in range(3):
        done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", AT_EXIT], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and done.stderr == "", done
