"""What tests share: a home of their own, and a model small enough to make on the spot."""

import os
import signal
from collections import Counter

import pytest

# Tiny models are slower on two threads. Numba has a say too: its threading layer (visqol starts it) sets OpenMP's for PyTorch.
os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
# under nohup, and behind a shell's &, these are ignored, by all that the tests start, too
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


LONG = ("test_targets", "test_plugin_windows", "test_interrupts", "test_conformance", "test_fit", "test_metrics", "test_arm")
LONG += ("test_audio_thread", "test_puredata", "test_damage", "test_reference")


def pytest_collection_modifyitems(items):
    """The longest files first: of several processes none is left with one of them at the end."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


# What is not tried is never silent. A skip whose reason begins so says that this machine is of another kind, which the summary
# lists; any other says what is missing here and how to get it: in CI (CI=true) that fails, elsewhere the summary says it loudly.
OF_ANOTHER_KIND = "only "
IN_CI = os.environ.get("CI", "") not in ("", "0", "false")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")


def _refuse(report):
    """A report that is none of a skip in CI, unless the machine is of another kind."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and not _reason(report).startswith(OF_ANOTHER_KIND):
        report.outcome, report.longrepr = "failed", f"not tried, and in CI that is a failure: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _refuse((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _refuse((yield))


def pytest_terminal_summary(terminalreporter):
    reasons = Counter(map(_reason, terminalreporter.stats.get("skipped", [])))
    elsewhere = Counter({reason: n for reason, n in reasons.items() if reason.startswith(OF_ANOTHER_KIND)})
    for title, counted, look in (
        ("not for this machine", elsewhere, {}),
        ("NOT TRIED", reasons - elsewhere, {"red": True}),
    ):
        if counted:
            terminalreporter.section(title, bold=True, **look)
            for reason, count in counted.most_common():
                terminalreporter.write_line(f"{count:5} tests: {reason}", **look)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory):
    """MELISMA_HOME for the tests and for every process they start: nothing touches the user's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MELISMA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def windows(tmp_path_factory):
    """Runs a program of Windows by wine: what it printed, read as JSON."""
    from elsewhere import wine

    with wine(tmp_path_factory.mktemp("wine")) as run:
        yield run


@pytest.fixture(scope="session")
def tiny(home):
    """The file of a model named "tiny": random weights, 3 of 4 latents kept, the `phase` vocoder as before training."""
    import torch

    from melisma.files.config import AnalysisConfig, ModelConfig, PhaseConfig, VAEConfig
    from melisma.training.export import to_file
    from melisma.training.reference import Reference
    from melisma.training.run import publish

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = ModelConfig(
        AnalysisConfig(sample_rate=16000, frame=256, hop=64, bands=32, fmin=60.0, fmax=8000.0),
        VAEConfig(latents=4, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=1, kernel=3, expansion=2),
        PhaseConfig(width=8, blocks=1, kernel=3, expansion=2),
    )
    latents = {
        "percentiles": [[-2.3, -1.6, 0.0, 1.6, 2.3]] * 3,
        "effect": [3.0, 2.0, 1.0],
        "kl": [2.0, 1.0, 0.5, 0.0],
        "collapsed": 1,
    }
    training = {"minutes_of_sound": 0.1, "licence": "CC0 [tests]", "seed": 0}
    file = to_file(Reference(config, kept=3).eval(), "tiny", latents, training)
    return publish(file, home / "models" / "tiny.melisma")


@pytest.fixture(scope="session")
def model(tiny):
    """That model, loaded."""
    import melisma

    return melisma.load("tiny")
