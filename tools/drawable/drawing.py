"""What the engine of a run can draw: which names define_task accepts, and which scenes make sense for it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import WORDED_GENERATORS, Settings
from tools.drawable.classes import Objects
from tools.generators.copy_paste.cutouts import CutoutFolder, Kind
from tools.runs.runtime import RunContext
from tools.scenes.scene import CONTEXTS, VIEWPOINTS
from tools.scenes.vocabulary import Thing, Things

MAX_NAMES_CHARS = 9000  # of the list of names in a prompt: about 700 names, 3,000 tokens


class AnyObject:
    """What has no list of things: every name is accepted, and a known one keeps what is known of it.

    Args:
        known: looked up first; None when nothing is known.
    """

    def __init__(self, known: Objects | None = None) -> None:
        self.known = known

    def find(self, phrase: str) -> tuple[str, list[str]] | None:
        """Key and appearances; an unknown phrase is its own key."""
        found = self.known.find(phrase) if self.known else None
        return found or (phrase.strip().casefold(), [])

    def keys(self) -> list[str]:
        """Every known key."""
        return self.known.keys() if self.known else []

    def spec(self, key: str) -> Any:
        """What is known of a key."""
        return self.known.spec(key) if self.known and key in self.known.keys() else Kind(name=key)  # noqa: SIM118

    def names(self) -> Mapping[str, Sequence[str]]:
        """Every known name."""
        return self.known.names() if self.known else {}

    def add_taught(self, spec: Any) -> str:
        """Keep what was taught where there is a place for it."""
        return self.known.add_taught(spec) if self.known else str(spec.name)


def objects_of(settings: Settings, folder: Path, assets: str | None = None, few: str | None = None) -> Objects:
    """What a run's engine can draw, by name.

    Args:
        settings: name the engine and its folders.
        folder: of the run.
        assets: the user's folder of models.
        few: the user's few labelled photos: their labels say what there is.

    Raises:
        FixArguments: a folder of the user's is missing or empty.
        StepFailed: a taught object's file is broken.
    """
    from tools.generators.blender.library import Library

    if few is not None:  # shown, not drawn
        return AnyObject()
    if settings.generation.generator == "copy_paste" and settings.copy_paste.cutouts_dir is not None:
        return CutoutFolder(settings.copy_paste.cutouts_dir)
    library = Library.of_run(folder, Path(assets) if assets else None, settings)
    return AnyObject(library) if settings.generation.generator in WORDED_GENERATORS else library


def names_to_choose_from(run: RunContext) -> str:
    """What the run's engine can draw, by name, for a language model; empty where there is no such list."""
    record = run.record
    try:
        objects = objects_of(run.settings, run.folder, record.assets, record.few)
        names = [] if isinstance(objects, AnyObject) else sorted({objects.spec(key).name for key in objects.keys()})  # noqa: SIM118
    except (FixArguments, StepFailed):  # define_task says what is wrong
        return ""
    if not names:
        return ""
    listed = ", ".join(names)
    if len(listed) > MAX_NAMES_CHARS:
        listed = listed[:MAX_NAMES_CHARS].rsplit(", ", 1)[0] + ", and more"
    return (
        "# Names that can be drawn\nCall a class by one of these where the user means it (plurals, synonyms, Chinese "
        "and states such as 'ripe tomato' are understood too); another thing needs an `object_spec`, never the name of "
        f"a relative.\n{listed}"
    )


def things_of(run: RunContext) -> Things:
    """Everything that this run can draw, by key; of an engine without a list, the task's own."""
    record = run.record
    objects = objects_of(run.settings, run.folder, record.assets, record.few)
    keys = [*objects.keys(), *(c.drawn_as for c in run.task.classes)]
    return _Things(objects, dict.fromkeys(keys))


class _Things(Mapping[str, Thing]):
    """What can be drawn, by key; each is only built when it is asked for, of a thousand a plan needs a few."""

    def __init__(self, objects: Objects, keys: dict[str, None]) -> None:
        self._objects, self._keys = objects, keys

    def __getitem__(self, key: str) -> Thing:
        if key not in self._keys:
            raise KeyError(key)
        try:
            thing: Thing = self._objects.spec(key)
        except FixArguments:  # a class of an engine of the user's own, which draws what no library knows
            raise KeyError(key) from None
        return thing

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def wishes_of(run: RunContext) -> dict[str, Any]:
    """Weights that the run's engine needs: values that it cannot show are left out, not judged by."""
    if run.settings.generation.generator != "copy_paste":
        return {}
    wishes: dict[str, Any] = {"viewpoint": {v: 1.0 if v == VIEWPOINTS[0] else 0.0 for v in VIEWPOINTS}}
    if places := _places(run):
        wishes["context"] = {c: 1.0 if c in places else 0.0 for c in CONTEXTS}
    if run.task.kind == "classify":  # its own tables: a subject is never a dot, and there is one
        wishes = {k: v for k, v in wishes.items() if k not in ("distance", "crowding")}
    return wishes


def merged(first: Mapping[str, Any], second: Mapping[str, Any] | None) -> dict[str, Any]:
    """Wishes of two; where both name a value the second counts."""
    wishes = {k: dict(v) for k, v in first.items()}
    for axis, values in (second or {}).items():
        known = wishes.get(axis)
        wishes[axis] = {**known, **values} if known is not None and isinstance(values, Mapping) else values
    return wishes


def _places(run: RunContext) -> list[str]:
    from tools.generators.copy_paste.backgrounds import PhotoBackgrounds

    folder = run.settings.copy_paste.backgrounds_dir
    return PhotoBackgrounds(folder).contexts() if folder is not None else []
