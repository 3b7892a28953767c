"""A model put on a hub, whose part a server on this machine plays, and fetched from there."""

import json
import re

import pytest
from standin import Hub

import melisma
from melisma.cli import main as cli
from melisma.errors import MelismaError
from melisma.store import pretrained, push


@pytest.fixture
def standin(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    standin = Hub({})
    monkeypatch.setattr(constants, "ENDPOINT", standin.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", standin.address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", standin.address)
    monkeypatch.setenv("MELISMA_HOME", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    yield standin
    standin.close()


def head(card):
    """A card's front matter, which is JSON a line."""
    front = re.match(r"---\n(.*?)\n---\n", card, re.S)[1]
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in front.splitlines())}


@pytest.mark.parametrize("name", ["tiny", "strings"])
def test_what_is_put_there_is_found_again(standin, tiny, name, capsys):
    model = str(tiny) if name == "tiny" else name
    assert cli.run(["push", model, "hf://me/mine", "--dataset", "me/sounds"]) == 0
    (address,) = re.findall(r"hf://me/mine#sha256=[0-9a-f]{64}", capsys.readouterr().out)
    data = pretrained.locate(model).read_bytes()
    assert standin.files["me/mine"][f"{name}.melisma"] == data and set(standin.files["me/mine"]) == {
        f"{name}.melisma",
        "README.md",
    }
    assert melisma.load(address).file.digest == melisma.load(model).file.digest
    card = standin.files["me/mine"]["README.md"].decode()
    told = head(card)
    assert (told["library_name"], told["pipeline_tag"], told["datasets"]) == ("melisma", "audio-to-audio", ["me/sounds"])
    assert {"melisma", "timbre-transfer"} <= set(told["tags"]) and told["license"]
    assert melisma.load(model).file.digest in card and "hf://me/mine" in card
    if name == "strings":
        assert told["license"] == "other" and "CC0" in told["license_name"] and "What it was trained on" in card
        (index,) = told["model-index"]
        metrics = index["results"][0]["metrics"]
        assert all(m["type"] == "visqol" and 1 < m["value"] < 4.8 for m in metrics) and len(metrics) >= 2


def test_the_front_matter_is_yaml(tiny):
    yaml = pytest.importorskip("yaml", reason="needs a reader of YAML: pip install pyyaml")
    file = melisma.load("strings").file
    card = push.card(file, "# x: 'y'", "me/mine", "strings.melisma", [])
    front = card.split("---\n")[1]
    assert yaml.safe_load(front) == head(card) and "datasets" not in head(card)


@pytest.mark.parametrize(("status", "words"), [(401, "set HF_TOKEN"), (403, "set HF_TOKEN"), (500, "could not be written: ")])
def test_what_the_hub_refuses_is_one_sentence(standin, tiny, status, words):
    standin.down = status
    with pytest.raises(MelismaError, match=f"hf://me/mine.*{words}") as found:
        push.push(tiny, "hf://me/mine")
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("address", ["hf://me/mine/x.melisma", "hf://me/mine@v1", "mine"])
def test_an_address_says_where_and_no_more(standin, tiny, address):
    with pytest.raises(MelismaError, match="write hf://owner/repo"):
        push.push(tiny, address)
    assert not standin.asked
