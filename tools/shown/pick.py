"""Ask which of the numbered outlines is meant, once for all photos, and keep the answer as a labelled set."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tools.core.errors import FixArguments, StepFailed
from tools.core.task import TaskSpec
from tools.data.photo_files import ReadPhoto
from tools.data.sample import Instance
from tools.runs.runtime import RunContext
from tools.shown.outlines import starter_predictor
from tools.shown.propose import ask_about, is_unlabelled, read_numbers, write_set

FOLDER = "shown"  # of a run: the set that the answer makes, and the numbered images
_TRIES = 3
Ask = Callable[[str], str]


def settle_labels(run: RunContext, task: TaskSpec, ask: Ask) -> bool:
    """Have a person say which thing is meant where the shown photos have no labels. Whether that was done now.

    Args:
        run: its `few` becomes the labelled set.
        task: names the classes; of several, each has a folder of photos of its own name.
        ask: puts a question to the person.

    Raises:
        StepFailed: no photo can be read, or nobody can say which class a photo shows.
        FixArguments: the answers name nothing that is there.
    """
    assert run.record.few is not None
    folder = Path(run.record.few)
    if task.kind == "classify" or not folder.is_dir() or not is_unlabelled(folder):
        return False
    asked = ask_about(folder, run.folder / FOLDER / "numbered", starter_predictor())
    names = [_class_of(a.photo, task, folder) for a in asked]
    problem = ""
    for _ in range(_TRIES):
        answer = ask(problem + _question(run, task, len(asked)))
        try:
            numbers = read_numbers(answer, [len(a.proposals) for a in asked])
            named: list[tuple[ReadPhoto, Sequence[Instance]]] = [
                (a.photo, [a.proposals[n - 1].model_copy(update={"class_name": name}) for n in own])
                for a, name, own in zip(asked, names, numbers, strict=True)
            ]
            run.record.few = str(write_set(run.folder / FOLDER, named, task).resolve())
            run.save()
            return True
        except FixArguments as error:
            problem = f"{error}. "
    raise FixArguments(f"No answer named the thing: {problem.strip()}")


def _question(run: RunContext, task: TaskSpec, photos: int) -> str:
    what = task.class_names[0] if len(task.class_names) == 1 else "thing"
    have = "has no labels" if photos == 1 else "have no labels"
    return (
        f"The {photos} photo{'s' * (photos != 1)} of {run.record.few} {have}. Which number is the {what} in each? The "
        f"numbered pictures are in {run.folder / FOLDER / 'numbered'}. Answer with one entry a photo, in their order: "
        "for example '2, 1+3, none'."
    )


def _class_of(photo: ReadPhoto, task: TaskSpec, folder: Path) -> str:
    """The only class, or the one whose folder the photo lies in."""
    if len(task.class_names) == 1:
        return task.class_names[0]
    parts = {part.casefold() for part in photo.file.path.relative_to(folder).parts[:-1]}
    found = [name for name in task.class_names if name.casefold() in parts]
    if len(found) != 1:
        raise StepFailed(
            f"{photo.file.path} has no label, and there are {len(task.class_names)} classes: put the photos into one "
            f"folder a class ({', '.join(task.class_names)}), or label them"
        )
    return found[0]
