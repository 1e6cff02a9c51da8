"""What an export of language data holds: conversations or captions beside the images, and how balanced they are."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.core.errors import StepFailed
from tools.core.files import json_text
from tools.data.formats import coco_captions, dialogues
from tools.data.formats.labels import labelled
from tools.language.make import LanguageData

LANGUAGE = ("llava", "sharegpt", "coco-captions")
BALANCE = "balance.json"


Content = str | bytes | Iterator[str]  # of a file: all of it, or its text in pieces


@dataclass(frozen=True)
class FormatPlan:
    """What one format will hold."""

    images: dict[str, str]  # path in the folder -> path of the image in the run
    files: Callable[[], Iterator[tuple[str, Content]]]  # path and content of the label files
    labels: int
    lost: Callable[[], Counter[str]]


def plan_language(name: str, said: LanguageData) -> FormatPlan:
    """What the folder of a format of `LANGUAGE` will hold; labels are questions with answers, or sentences."""
    images = {coco_captions.image_path(labelled(s)): s.image for s in said.samples}

    def files() -> Iterator[tuple[str, str]]:
        if name == "llava" or name == "sharegpt":
            yield from dialogues.label_files(said.dialogues, "llava" if name == "llava" else "sharegpt")
        else:
            yield from coco_captions.label_files(said.said, said.names)
        yield BALANCE, json_text(said.statistics, indent=1)

    if name == "coco-captions":
        count = sum(len(c) for c in said.captions.values()) + sum(len(e) for e in said.expressions.values())
    else:
        count = sum(len(d.turns) for d in said.dialogues)
    left_out = Counter({"pictures without exact labels, left out": said.inexact})
    return FormatPlan(images, files, count, lambda: +left_out)


def read_back_language(folder: Path, name: str, plan: FormatPlan) -> None:
    """Read what was written as a stranger does.

    Raises:
        StepFailed: an image that is spoken of is not there, or not as much is said as should be.
    """
    images: set[str] = set()
    count = 0
    if name == "coco-captions":
        for path in sorted((folder / "annotations").glob("*.json")):
            data = json.loads(path.read_text(encoding="utf-8"))
            split = path.stem.rpartition("_")[2]
            images |= {f"images/{split}/{image['file_name']}" for image in data["images"]}
            count += len(data["annotations"])
    else:
        for split in dialogues.SPLITS:
            if (path := folder / f"{split}.json").is_file():
                for _, name, turns in dialogues.read_dialogues(path.read_text(encoding="utf-8")):
                    images.add(name)
                    count += len(turns)
    missing = sorted(p for p in images if not (folder / p).is_file())
    if missing or count != plan.labels:
        raise StepFailed(
            f"{folder}: read back {count} texts and {len(missing)} missing pictures, but {plan.labels} texts were "
            "written. The folder was not put into place; export again."
        )
