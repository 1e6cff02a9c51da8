"""The card of an exported data set: what is in it, how it was made, what a format lost, and what it is not good for."""

import html
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.core.task import TaskSpec
from tools.data.boxes import BOXES_SAY, BoxConvention
from tools.data.credits import credits_of
from tools.data.sample import Sample
from tools.scenes.scene import AXES

_SPLITS = ("train", "val", "test")
_WHERE = {
    "yolo": "`data.yaml`, `images/`, `labels/`",
    "coco": "`annotations/instances_<split>.json`, `images/<split>/`",
    "voc": "`Annotations/`, `JPEGImages/`, `ImageSets/Main/`",
    "cvat": "`annotations.xml`, `images/`",
    "labelme": "`images/`, a JSON beside each picture",
    "label-studio": "`label_studio.json`, `images/`",
    "hugging-face": "`<split>/metadata.jsonl`, `<split>/`",
    "masks": "`images/`, `masks/<picture>/`, `classes.json`",
    "folders": "`<split>/<class folder>/`, `classes.json`",
    "llava": "`<split>.json`, `balance.json`, `images/<split>/`",
    "sharegpt": "`<split>.json`, `dataset_info.json`, `balance.json`, `images/<split>/`",
    "coco-captions": "`annotations/captions_<split>.json`, `annotations/referring_<split>.json`, `images/<split>/`",
}


@dataclass(frozen=True)
class Exported:
    """One format's folder."""

    format: str
    folder: str
    images: int
    labels: int
    lost: Mapping[str, int]
    boxes: BoxConvention = "visible"  # what the labels' boxes are about


def dataset_card(
    name: str,
    request: str,
    task: TaskSpec,
    samples: Collection[Sample],
    engines: Mapping[str, Mapping[str, Any]],
    exported: Iterable[Exported],
) -> str:
    """Markdown of the card.

    Args:
        name: of the run.
        request: what was asked for, in the person's words.
        task: kind and classes.
        samples: the exported ones.
        engines: name -> version, licence and reason of everything that made or labelled an image.
        exported: the folders that the card speaks of.
    """
    made = Counter(s.engine for s in samples)
    synthetic = sum(n for engine, n in made.items() if engine != "real")
    share = 100 * synthetic / len(samples)
    labels = sum(len(s.instances) for s in samples)
    parts = [
        f"# Data set of the run {_text(name)}",
        f"> {_text(request)}" if request else "",
        f"{len(samples)} pictures to {task.kind} {', '.join(_text(c) for c in task.class_names)}; "
        + (f"{labels} labelled objects. " if task.kind != "classify" else "")
        + f"{share:.0f} % of the pictures are synthetic.",
        "## Counts",
        _table(["split", "pictures", "without an object", *task.class_names], _count_rows(task, samples)),
        "## Formats",
        _table(
            ["format", "folder", "files", "pictures", "labels", "boxes of", "lost"],
            [
                [e.format, e.folder, _Raw(_WHERE[e.format]), e.images, e.labels, BOXES_SAY[e.boxes], _lost(e.lost)]
                for e in exported
            ],
        ),
        "## How it was made",
        _table(["engine", "pictures", "version", "licence", "why"], _engine_rows(made, engines)),
        *_credit_parts(samples),
        "Objects in a picture have the label source: "
        + (", ".join(f"{_text(k)} ({n})" for k, n in _sources(samples)) or "none")
        + ". Splits follow families of scenes, so that no near-twin of a training picture is in val or test.",
        "## Slices",
        _table(["axis", "value", "pictures"], _slice_rows(samples)),
        "## Use and limits",
        f"Made to train and test a model for the task above, in the order of classes {_order(task)}. Scores on its "
        "synthetic pictures are not accuracy on photos: measure on real photos before relying on a model. What the "
        "slices do not list was not shown. Masks cover what is seen of an object.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


class _Raw(str):
    """Markdown of our own, which is not escaped."""


def _text(value: object) -> str:
    """Any text as plain text in Markdown, on one line."""
    if isinstance(value, _Raw):
        return value
    escaped = html.escape(" ".join(str(value).split()))
    for character in "|[]`*\\":
        escaped = escaped.replace(character, f"&#{ord(character)};")
    return escaped


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_text(cell) for cell in line) + " |" for line in lines)


def _count_rows(task: TaskSpec, samples: Iterable[Sample]) -> list[list[object]]:
    rows: list[list[object]] = []
    images, empty, counts = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for sample in samples:
        shown = [i.class_name for i in sample.instances]
        if task.kind == "classify":
            shown = [sample.label] if sample.label is not None else []
        for split in (sample.split or "train", "all"):
            images[split] += 1
            empty[split] += not shown
            counts.update((split, name) for name in shown)
    for split in (*_SPLITS, "all"):
        rows.append([split, images[split], empty[split], *(counts[split, c] for c in task.class_names)])
    return rows


def _engine_rows(made: Counter[str], engines: Mapping[str, Mapping[str, Any]]) -> list[list[object]]:
    names = list(dict.fromkeys([*made, *engines]))
    rows: list[list[object]] = []
    for name in sorted(names):
        facts = engines.get(name, {})
        why = facts.get("why") or facts.get("reason") or ""
        rows.append([name, made[name] or "", facts.get("version", ""), facts.get("licence", ""), why])
    return rows


def _credit_parts(samples: Iterable[Sample]) -> list[str]:
    """Whose 3D models the images show; nothing where they show none."""
    rows = [[c.name, c.author, c.licence, c.library, c.images] for c in credits_of(samples)]
    if not rows:
        return []
    said = (
        "The pictures show these 3D models by others; where a licence asks for it, name the author with the pictures."
    )
    return ["## Models by others", said, _table(["model", "author", "licence", "library", "pictures"], rows)]


def _sources(samples: Iterable[Sample]) -> list[tuple[str, int]]:
    return sorted(Counter(i.source for s in samples for i in s.instances).items())


def _slice_rows(samples: Iterable[Sample]) -> list[list[object]]:
    counts = Counter((axis, value) for s in samples for axis, value in s.axes.items())
    known = {axis: place for place, axis in enumerate(AXES)}
    rows = sorted(counts.items(), key=lambda c: (known.get(c[0][0], len(known)), c[0][0], -c[1], c[0][1]))
    return [[axis, value, n] for (axis, value), n in rows]


def _lost(lost: Mapping[str, int]) -> str:
    return "; ".join(f"{n} {what}" for what, n in sorted(lost.items())) or "nothing"


def _order(task: TaskSpec) -> str:
    return ", ".join(f"{i} {_text(name)}" for i, name in enumerate(task.class_names))
