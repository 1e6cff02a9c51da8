"""Pages alone, without a server: a finished-looking run in a folder, and a page drawn on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from tests.runs import make_run
from tests.waiting import LONG_S
from tools.runs.runtime import RunContext

Draw = Callable[..., AppTest]


@pytest.fixture(autouse=True, scope="session")
def _no_search_for_components() -> Iterator[None]:
    """Each page drawn alone would read the metadata of every installed package in search of components."""
    scan = "streamlit.components.v2.manifest_scanner.scan_component_manifests"
    with mock.patch(scan, return_value=[]):
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_collecting() -> None:
    """As the server has it; after each page all objects of all libraries would be gone through."""
    config.set_option("runner.postScriptGC", False)


@pytest.fixture
def runs_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("SIGHTSMITH_RUNS_DIR", str(folder))
    return folder


@pytest.fixture
def run(runs_dir: Path) -> RunContext:
    """A finished run with two rounds, images, labels and scores; without weights."""
    made = make_run(runs_dir / "apples", names=("apple", "<b>lemon</b>"))
    made.record.status = "finished"
    made.save()
    return made


@pytest.fixture
def draw(runs_dir: Path) -> Draw:
    """Draws a page in a session that looks at a run."""

    def page(name: str, run: str | None = None, **state: object) -> AppTest:
        test = AppTest.from_string(f"from ui import {name}\n{name}.render()", default_timeout=LONG_S)
        test.session_state["language"] = state.pop("language", "en")
        test.session_state["run"] = run or ""
        for key, value in state.items():
            test.session_state[key] = value
        return test.run()

    return page


def words(test: AppTest) -> str:
    """Everything a page says, markup and all."""
    assert not test.exception, test.exception[0].value
    return "\n".join(str(element.proto.body) for element in test.get("html"))
