"""A new run that goes on from another: other classes, another kind or network; the old one stays as it is.

Its conversation begins with a request made of what is wanted, so it has a plan, an approval and wishes like any other.
"""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from pydantic import Field

from agent.requests.questions import Language
from agent.requests.request_text import CJK, Known
from agent.requests.understand import understand
from agent.run_folder import start_run
from tools.core.errors import FixArguments
from tools.core.settings import Settings, grouped
from tools.core.task import TaskKind
from tools.generators.blender.library import Library
from tools.runs.runtime import RunContext, read_record, report

FORK = "fork_run"
_VERBS: dict[Language, dict[TaskKind, str]] = {
    "en": {"segment": "segment", "detect": "detect", "classify": "classify"},
    "zh": {"segment": "分割", "detect": "检测", "classify": "分类"},
}


@tool
def fork_run(
    runtime: ToolRuntime[RunContext],
    classes: Annotated[list[str], Field(description="all classes of the new run: those kept, and the new ones")],
    kind: TaskKind | None = None,
    model: Annotated[str | None, Field(description="another network, e.g. yolo11n")] = None,
) -> str:
    """Begin a new run that goes on from this one's weights and images: other classes, boxes for outlines.

    For "also find pears", "boxes are enough", "a smaller network". This run stays as it is. Nothing is spent: the new
    run's plan is shown to the user next, and waits for approval. Say so, and end your turn.
    """
    made = fork(runtime.context, classes, kind, model)
    return report(done=f"{made.name} goes on from {runtime.context.record.name}", run=made.name, next="end your turn")


def fork(
    run: RunContext, classes: Sequence[str], kind: TaskKind | None, model: str | None, language: Language | None = None
) -> Path:
    """Make the folder of a run that goes on from another; the same wish gives the same run. Returns the folder.

    Args:
        run: with a model.
        classes: of the new run.
        kind: of the new run; as before when None.
        model: network; as before when None.
        language: of the request; that of the old request when None.

    Raises:
        FixArguments: there is no model to go on from, no class is named, or nothing would change.
    """
    record = run.record
    if record.best is None or record.task is None:
        raise FixArguments(f"{record.name} has no model yet to go on from")
    names = list(dict.fromkeys(c.strip() for c in classes if c.strip()))
    if not names:
        raise FixArguments("classes is empty: name all that the new run finds")
    kind = kind or record.task.kind
    network = model or run.settings.training.model
    same_network = network == run.settings.training.model
    if set(names) == set(record.task.class_names) and kind == record.task.kind and same_network:
        raise FixArguments("nothing would change: the same classes, kind and network")
    wanted = json.dumps([sorted(names), kind, network], ensure_ascii=False)
    there = run.folder.parent / record.forks.get(wanted, "")
    if wanted in record.forks and (there / "run.json").is_file() and read_record(there).status != "failed":
        return there  # asked for twice, or a step that ran again after a kill
    known = Library.of_run(run.folder, _folder(record.assets)).find
    asked = {"runs_dir": run.folder.parent, "model": network, "effort": run.settings.effort}
    settings = Settings(**grouped(record.settings, asked))
    made = start_run(
        request_of(names, kind, language or _language(record.request), known), settings,
        real=_folder(record.real), assets=_folder(record.assets), unlabelled=_folder(record.unlabelled),
        options={"money": record.options.get("money")},
    )  # fmt: skip
    made.record.parent, made.record.visitor = record.name, record.visitor
    if (run.folder / "objects").is_dir():  # what was taught stays known
        shutil.copytree(run.folder / "objects", made.folder / "objects", dirs_exist_ok=True)
    made.save()
    made.dataset.close()
    record.forks[wanted] = made.folder.name
    run.save()
    return made.folder


def request_of(names: Sequence[str], kind: TaskKind, language: Language, known: Known) -> str:
    """A request in words that is read as just these classes: "detect apple, pear"; in quotes where that needs them."""
    comma = "、" if language == "zh" else ", "
    request = f"{_VERBS[language][kind]} {comma.join(names)}"
    if [c.name for c in understand(request, known).classes] == list(names):
        return request
    quoted = [f'"{name}"' for name in names]
    return f"{_VERBS[language][kind]} {comma.join(quoted)}"


def _language(request: str) -> Language:
    return "zh" if re.search(f"[{CJK}]", request) else "en"


def _folder(path: str | None) -> Path | None:
    return None if path is None or not Path(path).is_dir() else Path(path)
