"""Which of this machine's photos a model may have labelled: what the person named in so many words, or brought.

A path is a power: whoever can have a folder labelled gets copies of its images. So it comes from the person, not from
the model, and a visitor of a shared page has none but his uploads.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.core.errors import FixArguments
from tools.runs.photo_sets import photos_folder
from tools.runs.runtime import RunContext

_BEFORE, _AFTER = r"(?<![A-Za-z0-9_~./\\-])(?:\./)?", r"/?(?![/\\-]|[A-Za-z0-9_]|\.\w)"  # ends of a path in a text
_QUOTES = "\"'“”「」『』"


def allowed_photos(run: RunContext, wanted: Sequence[str]) -> list[Path]:
    """The paths behind what a model asks for.

    Args:
        run: its request, its person's answers and what was brought for it.
        wanted: paths as the person wrote them, or names of sets that were uploaded.

    Raises:
        FixArguments: none is given, or one was neither named by the person nor brought; whether it exists is not said.
    """
    if not wanted:
        raise FixArguments("photos is empty: give the folder as the user named it.")
    return [_allowed(run, text) for text in wanted]


def allowed_model(run: RunContext, wanted: str | None) -> str | None:
    """The model that a labelling may use: one by name, or a file that the person named.

    Raises:
        FixArguments: it is a path that the person did not name.
    """
    if wanted is None or Path(wanted).name == wanted:
        return wanted
    return str(_allowed(run, wanted))


def _allowed(run: RunContext, text: str) -> Path:
    uploads = photos_folder(run.settings.runs_dir)
    if Path(text).name == text and not text.startswith(".") and (uploads / text).is_dir():
        return uploads / text
    path = Path(text).expanduser()
    place = path.resolve()
    brought = [uploads]
    if not run.record.visitor:
        brought += [Path(p) for p in (run.record.real, run.record.few, run.record.unlabelled) if p is not None]
        if any(place.is_relative_to(named) for named in _named(run, text)):
            return path
    if any(place.is_relative_to(folder.resolve()) for folder in brought):
        return path
    if run.record.visitor:
        raise FixArguments(
            f"{text}: a visitor's run labels only photos that were uploaded on the page, by the name of their set. "
            "Tell the user to bring them there (Bring)."
        )
    raise FixArguments(
        f"{text}: the user has not named this place. Only what stands in the request or in an answer of the user, "
        "written in the same way, or was brought with the run may be labelled. Ask the user which folder is meant."
    )


def _named(run: RunContext, text: str) -> Iterator[Path]:
    """The places around a path, itself included, that the person has written."""
    said = [run.record.request, *_answers(run)]
    for place in (Path(text), *Path(text).parents):
        if any(_as_written(str(place)).search(words) for words in said):
            yield place.expanduser().resolve()


def _as_written(place: str) -> re.Pattern[str]:
    """Finds a path in what somebody wrote, and not a part of a longer one."""
    if not re.search(r"[^\W_]", place):  # "/", "~" and ".." are half the disk, and stand in texts for other reasons
        return re.compile(r"(?!)")
    name = re.escape(place)
    if "/" in place:
        return re.compile(f"{_BEFORE}{name}{_AFTER}")
    # A word alone is a folder only where it is written as one: "photos" is said of any photos.
    return re.compile(rf"(?<![\w~./\\-])(?:\./{name}{_AFTER}|{name}/{_AFTER})|[{_QUOTES}]{name}/?[{_QUOTES}]")


def _answers(run: RunContext) -> list[str]:
    """What the person has answered in this run."""
    try:
        lines = (run.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    answers = []
    for line in lines:
        if '"answer"' in line:
            try:
                event = json.loads(line)
            except ValueError:  # cut by a kill
                continue
            if event.get("kind") == "answer":
                answers.append(str(event.get("text", "")))
    return answers
