"""What models are called: names, paths, and addresses on the Hugging Face Hub, whose part a server on this machine plays."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin import COMMIT, Hub

import melisma
from melisma.cli import main as cli
from melisma.errors import MelismaError
from melisma.store import hub, pretrained

# --- addresses ----------------------------------------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_]{0,8}[A-Za-z0-9])?", fullmatch=True)
repos = st.builds("{}/{}".format, names, names)
files = st.one_of(st.none(), st.builds("{}.melisma".format, names), st.builds("{}/{}.melisma".format, names, names))
revisions = st.one_of(st.none(), names, st.just("refs/pr/3"), st.just("v1.0"))
hashes = st.one_of(st.none(), st.binary().map(lambda data: hashlib.sha256(data).hexdigest()))


@settings(deadline=None)
@given(st.builds(hub.Address, repos, files, revisions, hashes))
def test_an_address_says_what_it_was_made_of(address):
    assert hub.parse(str(address)) == address


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("ab/@#.:-=%~ \n", max_size=30)).map(lambda text: "hf://" + text))
def test_any_other_text_is_refused_in_one_sentence(text):
    try:
        address = hub.parse(text)
    except MelismaError as error:
        assert str(error).startswith(text)
    else:
        assert ".." not in f"/{address.repo}/{address.file}/".split("/") and str(address).lower() == text.lower()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hf://strings", "is not the address of a model: write hf://owner/repo"),
        ("hf://a/b/c.safetensors", "is not the address of a model"),
        ("hf://a/b/../../c.melisma", "no dots or dashes in a row"),
        ("hf://a/b@../main", "no dots or dashes in a row"),
        ("hf://a/b#sha256=abc", "after # is not sha256= and 64 hexadecimal digits"),
        ("hf://a/b#md5=" + 64 * "a", "after # is not sha256="),
    ],
)
def test_addresses_that_are_none(text, reason):
    with pytest.raises(MelismaError, match=reason):
        melisma.load(text)


# --- from a hub ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def standin(tiny, tmp_path, monkeypatch):
    """A hub with the tiny model; a home of its own."""
    constants = pytest.importorskip("huggingface_hub.constants")
    standin = Hub({"me/one": {"tiny.melisma": tiny.read_bytes(), "README.md": b"# tiny"}, "me/none": {"README.md": b""}})
    monkeypatch.setattr(constants, "ENDPOINT", standin.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", standin.address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", standin.address)
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    yield standin
    standin.close()


def kept(folder):
    """Every file under the folder that holds a piece of a model."""
    return [file for file in folder.rglob("*") if file.is_file() and file.stat().st_size > 100 and file.name != "CACHEDIR.TAG"]


@pytest.mark.parametrize("lfs", [True, False])
@pytest.mark.parametrize("end", ["", "/tiny.melisma", "@v1", f"/tiny.melisma@{COMMIT}", "/tiny.melisma@main#sha256={}"])
def test_a_model_is_fetched_once_and_plays(standin, model, end, lfs):
    standin.lfs = lfs
    address = "hf://me/one" + end.format(model.file.digest.upper())
    fetched = melisma.load(address)
    assert fetched.file.digest == model.file.digest and fetched.name == "tiny" and fetched.verify()["distance"] < 0.05
    assert (
        standin.asked.count("GET /me/one/resolve/{}/tiny.melisma".format(end.partition("@")[2].partition("#")[0] or "main")) == 1
    )
    standin.asked.clear()
    assert pretrained.locate(address) == pretrained.locate(address)
    assert not any(asked.startswith("GET /me/one/resolve") for asked in standin.asked)


@pytest.mark.parametrize("end", ["", "/tiny.melisma@v1"])
def test_what_was_fetched_serves_without_the_network(standin, model, end, tmp_path):
    pretrained.locate("hf://me/one" + end)
    standin.down = 503
    assert melisma.load("hf://me/one" + end).file.digest == model.file.digest
    standin.close()
    assert melisma.load("hf://me/one" + end).file.digest == model.file.digest
    with pytest.raises(MelismaError, match="hf://me/other cannot be fetched and is not kept here: "):
        pretrained.locate("hf://me/other")
    with pytest.raises(MelismaError, match="hf://me/one@v2 cannot be fetched and is not kept here: "):
        pretrained.locate("hf://me/one@v2")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("hf://me/absent", "there is no repository me/absent, or it is private"),
        ("hf://me/absent/tiny.melisma", "there is no repository me/absent, or it is private"),
        ("hf://me/one/absent.melisma", "me/one has no file absent.melisma"),
        ("hf://me/one@v9", "me/one has no revision v9"),
        ("hf://me/one/tiny.melisma@v9", "me/one has no revision v9"),
        ("hf://me/none", "me/none has no .melisma file"),
        ("hf://me/one#sha256=" + 64 * "0", "it is another one than the address asks for"),
    ],
)
def test_what_is_not_there_gets_one_sentence(standin, address, reason, capsys):
    assert cli.run(["info", address]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"melisma: {address}: ") and reason in said.err and said.err.count("\n") == 1 and not said.out


def test_of_several_models_one_must_be_named(standin, tiny):
    standin.files["me/one"]["more/two.melisma"] = tiny.read_bytes() + b" "
    with pytest.raises(MelismaError, match="several models: say which of more/two.melisma, tiny.melisma"):
        pretrained.locate("hf://me/one")
    assert pretrained.locate("hf://me/one/more/two.melisma").read_bytes()[-1:] == b" "


@pytest.mark.parametrize("lfs", [True, False])
def test_a_file_that_is_not_what_the_hub_says_is_not_kept(standin, tmp_path, lfs):
    standin.lfs = lfs
    standin.says["tiny.melisma"] = (64 if lfs else 40) * "a"
    for _ in range(2):
        with pytest.raises(MelismaError, match="and the hub says aaaa.*: it is not kept; try again"):
            pretrained.locate("hf://me/one")
        assert kept(tmp_path) == []
    standin.says.clear()
    pretrained.locate("hf://me/one")


def test_a_hash_of_no_known_kind_is_no_hash(standin, model):
    standin.says["tiny.melisma"] = "abc"
    with pytest.raises(MelismaError, match=f"if it is the right one add #sha256={model.file.digest}"):
        pretrained.locate("hf://me/one")
    assert pretrained.locate(f"hf://me/one#sha256={model.file.digest}").is_file()


def test_a_kept_file_that_was_damaged_is_thrown_away(standin, model, tmp_path):
    place = pretrained.locate("hf://me/one")
    with place.open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    with pytest.raises(MelismaError, match="it is not kept; try again"):
        pretrained.locate("hf://me/one")
    assert kept(tmp_path) == []
    assert melisma.load("hf://me/one").file.digest == model.file.digest


def test_a_download_that_breaks_off_leaves_nothing(standin, tmp_path, monkeypatch):
    import huggingface_hub.file_download as download

    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    standin.cut = True
    with pytest.raises(MelismaError, match="hf://me/one cannot be fetched and is not kept here"):
        pretrained.locate("hf://me/one")
    assert kept(tmp_path) == []


def test_a_download_that_was_killed_is_swept_by_the_next_and_one_under_way_is_not(standin, tiny, tmp_path):
    """A real kill -9 in the middle of it."""
    standin.files["me/big"] = {"big.melisma": tiny.read_bytes() + b" "}
    standin.stall = threading.Event()
    code = "import sys; from melisma.store import pretrained; pretrained.locate(sys.argv[1])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "hf://me/big"], stderr=subprocess.PIPE, env=os.environ | {"HF_ENDPOINT": standin.address}
    )
    try:
        halves = waited_for(lambda: list(tmp_path.rglob("*.incomplete")))
        standin.stall, stalled = None, standin.stall
        pretrained.locate("hf://me/one")
        assert halves[0].exists()
    finally:
        process.kill()
        process.communicate()
    stalled.set()
    pretrained.locate("hf://me/one")
    assert not list(tmp_path.rglob("*.incomplete"))


def waited_for(found, seconds=100):
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return result


def test_too_large_a_file_is_not_fetched(standin, monkeypatch, tiny):
    monkeypatch.setattr(hub, "MOST_BYTES", len(tiny.read_bytes()) - 1)
    with pytest.raises(MelismaError, match="a .melisma file has at most"):
        pretrained.locate("hf://me/one")
    assert not any(asked.startswith("GET /me/one/resolve") for asked in standin.asked)


def command(*arguments, before="", **environment):
    code = f"import sys\n{before}\nfrom melisma.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, encoding="utf-8", timeout=300, env=os.environ | environment
    )


def test_the_command_takes_addresses_and_the_hub_is_whom_the_environment_names(standin, tiny, tmp_path):
    melisma.write(tmp_path / "in.wav", 0.1 * np.sin(np.arange(4410) * 0.1), 44100)
    said = command(
        "transfer", str(tmp_path / "in.wav"), str(tmp_path / "out.wav"), "-m", "hf://me/one", HF_ENDPOINT=standin.address
    )
    assert said.returncode == 0 and "through tiny" in said.stdout and said.stderr == "", said
    assert (tmp_path / "out.wav").is_file()


def test_where_nothing_answers_or_the_library_is_missing_one_sentence_says_so(tmp_path):
    pytest.importorskip("huggingface_hub")
    said = command("info", "hf://me/one/tiny.melisma", HF_ENDPOINT="http://127.0.0.1:9", MELISMA_HOME=str(tmp_path))
    assert said.returncode == 1 and said.stderr.startswith(
        "melisma: hf://me/one/tiny.melisma cannot be fetched and is not kept here"
    )
    assert said.stderr.count("\n") == 1 and kept(tmp_path) == [], said
    said = command("info", "hf://me/one", HF_HUB_OFFLINE="1", MELISMA_HOME=str(tmp_path))
    assert said.returncode == 1 and "cannot be fetched and is not kept here" in said.stderr and said.stderr.count("\n") == 1, said
    said = command("info", "hf://me/one", before="sys.modules['huggingface_hub'] = None")
    assert said.returncode == 1 and "needs huggingface_hub, which is not installed: pip install 'melisma[hub]'" in said.stderr, (
        said
    )


# --- names --------------------------------------------------------------------------------------------------------------


def test_names_and_paths(tiny, tmp_path):
    assert pretrained.locate("tiny") == tiny == pretrained.locate(str(tiny)) == pretrained.locate(tiny)
    assert pretrained.names()["strings"] == pretrained.published()["strings"]
    with pytest.raises(MelismaError, match="no model named 'tinny'; did you mean tiny"):
        pretrained.locate("tinny")


@pytest.mark.parametrize("kind", ["classic", "low-latency"])
def test_a_kind_of_its_own_has_a_name_of_its_own(tiny, tmp_path, monkeypatch, kind):
    (tmp_path / kind).mkdir()
    for file in (tmp_path / "tiny.melisma", tmp_path / kind / "tiny.melisma"):
        shutil.copyfile(tiny, file)
    monkeypatch.setattr(pretrained, "_PUBLISHED", (tmp_path,))
    assert pretrained.domains() == {"tiny": tmp_path / "tiny.melisma"}
    assert pretrained.published() == pretrained.domains() | {f"{kind}-tiny": tmp_path / kind / "tiny.melisma"}
    assert pretrained.locate(f"{kind}-tiny").parent.name == kind


def test_every_published_model_has_its_card():
    for name in pretrained.published():
        text = pretrained.card(name)
        assert text.startswith(f"# {name}\n") and "## What it cannot do" in text and "icence" in text


def test_a_model_without_a_card(tiny):
    with pytest.raises(MelismaError, match="tiny has no card"):
        pretrained.card("tiny")


@pytest.fixture
def namesakes(tiny, tmp_path, monkeypatch):
    """A home with models of the user's own that are called as a published one, and as the one that trainings begin from."""
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    for name in ("strings", "shared"):
        (folder / f"{name}.melisma").write_bytes(tiny.read_bytes())
    monkeypatch.setenv("MELISMA_HOME", str(folder.parent))
    return folder


def test_of_two_models_of_one_name_both_are_told_of_and_found(namesakes, capsys):
    theirs = pretrained.published()["strings"]
    assert pretrained.locate("strings") == namesakes / "strings.melisma" and pretrained.locate("published:strings") == theirs
    assert cli.run(["models"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"strings", "published:strings", "shared", "speech"} <= set(listed) and "published:speech" not in listed
    for name, other, file in (
        ("strings", "published:strings", theirs),
        ("published:strings", "strings", namesakes / "strings.melisma"),
    ):
        assert cli.run(["info", name]) == 0
        said = "".join(capsys.readouterr().out.split())
        assert f"{other},{file}" in said
    assert pretrained.card("published:strings").startswith("# strings\n")
    with pytest.raises(MelismaError, match="no model named 'published:tiny'"):
        pretrained.locate("published:tiny")


def test_a_training_says_that_its_name_is_a_published_ones(tmp_path, monkeypatch, capsys):
    """Before it begins; and it begins from the published start, whatever else has its name."""
    run = pytest.importorskip("melisma.training.run")
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path / "home"))
    (tmp_path / "in").mkdir()
    melisma.write(tmp_path / "in" / "a.wav", 0.1 * np.sin(np.arange(5 * 44100) * 0.1), 44100)
    begun = []

    def trained(*_, **given):
        begun.append(given["begun_from"])
        raise MelismaError("this far")

    monkeypatch.setattr(run, "train", trained)
    assert cli.run(["train", str(tmp_path / "in"), "--name", "strings"]) == 1
    said = capsys.readouterr().err
    assert "note: a published model is called strings, too" in said and "published:strings" in said
    assert cli.run(["train", str(tmp_path / "in"), "--name", "mine"]) == 1 and "published model" not in capsys.readouterr().err
    mine = tmp_path / "home" / "models" / "mine.melisma"
    mine.parent.mkdir()
    mine.write_bytes(b"a friend's")
    assert cli.run(["train", str(tmp_path / "in"), "--name", "mine"]) == 1
    assert f"a model {mine} exists that no run here made" in capsys.readouterr().err and mine.read_bytes() == b"a friend's"
    (mine.parent / "shared.melisma").write_bytes(b"another")
    assert cli.run(["train", str(tmp_path / "in"), "--name", "other"]) == 1
    assert begun == ["shared"] * 3
