"""Conversations about images as vision-language models are trained on: LLaVA's JSON, and ShareGPT's with `images`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tools.data.sample import Split

Dialect = Literal["llava", "sharegpt"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
_DATASET = "sightsmith"


@dataclass(frozen=True)
class Dialogue:
    """What is asked and answered about one image, in order."""

    id: str
    image: str  # path in the exported folder
    split: Split
    turns: tuple[tuple[str, str], ...]


def label_files(dialogues: Sequence[Dialogue], dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Relative path and text of every file: one JSON a split; for ShareGPT also what LLaMA-Factory wants to know."""
    names = []
    for split in SPLITS:
        part = [d for d in dialogues if d.split == split and d.turns]
        if part:
            names.append(split)
            yield f"{split}.json", json.dumps([_entry(d, dialect) for d in part], ensure_ascii=False, indent=1)
    if dialect == "sharegpt":
        columns = {"messages": "conversations", "images": "images"}
        info = {
            f"{_DATASET}_{s}": {"file_name": f"{s}.json", "formatting": "sharegpt", "columns": columns} for s in names
        }
        yield "dataset_info.json", json.dumps(info, indent=1)


def _entry(dialogue: Dialogue, dialect: Dialect) -> dict[str, Any]:
    said = []
    for number, (question, answer) in enumerate(dialogue.turns):
        said.append({"from": "human", "value": question if number else f"<image>\n{question}"})
        said.append({"from": "gpt", "value": answer})
    if dialect == "llava":
        return {"id": dialogue.id, "image": dialogue.image, "conversations": said}
    return {"id": dialogue.id, "images": [dialogue.image], "conversations": said}


def read_dialogues(text: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Id, image and turns of a file of either dialect, as a stranger reads it.

    Raises:
        ValueError: it is not of that form: an entry names no image, or its turns do not alternate.
    """
    found = []
    for entry in json.loads(text):
        said = entry["conversations"]
        image = entry["image"] if "image" in entry else entry["images"][0]
        if [turn["from"] for turn in said] != ["human", "gpt"] * (len(said) // 2) or not said:
            raise ValueError(f"the turns of {entry['id']} do not alternate")
        texts = [turn["value"] for turn in said]
        if sum(text.count("<image>") for text in texts) != 1 or not texts[0].startswith("<image>\n"):
            raise ValueError(f"{entry['id']} does not name its picture once, at the start")
        texts[0] = texts[0].removeprefix("<image>\n")
        found.append((entry["id"], image, list(zip(texts[::2], texts[1::2], strict=True))))
    return found
