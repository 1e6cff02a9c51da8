"""A photo in words that a program can read: objects, relations and actions, by a vision model that is asked for JSON.

Nothing of an answer is believed before it fits the schema. One that does not is sent back with what is wrong, once or
more; what then still does not fit, or refuses, is told as such, and the photo stays undescribed.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.utils.json import parse_json_markdown
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

import prompts
from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_json
from tools.core.settings import Settings
from tools.data.images import ImageArray, is_image, read_image
from tools.data.photo_files import find_photos, read_ahead
from tools.models.vision import OutOfMoney, VisionModel

FILE = "descriptions.json"
_BY = "describe"
_PROMPT = "describe_photo"
MAX_EXAMPLES = 8  # each is paid for with every photo
_SAID_CHARS = 300  # of an answer that is no description
_LOST_IN_A_ROW = 3  # photos without any answer, then nobody is asked any more
Name = Field(min_length=1, max_length=80)


class Strict(BaseModel):
    """What a model may not add to."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Object(Strict):
    """A thing that is seen."""

    id: str = Field(min_length=1, max_length=16)
    name: str = Name
    attributes: list[str] = Field(default_factory=list, max_length=12)
    box: tuple[float, float, float, float] | None = Field(None, description="x1, y1, x2, y2 as shares of the sides")

    @field_validator("box")
    @classmethod
    def _inside(cls, box: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
        if box is not None and not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
            raise ValueError("a box is [left, top, right, bottom] in 0..1, left < right, top < bottom, or null")
        return box


class Relation(Strict):
    """How two things are to each other."""

    subject: str
    relation: str = Name
    object: str


class Action(Strict):
    """What a thing does."""

    actor: str
    action: str = Name
    target: str | None = None


class Description(Strict):
    """What is in a photo."""

    objects: list[Object] = Field(max_length=100)
    relations: list[Relation] = Field(default_factory=list, max_length=200)
    actions: list[Action] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _about_what_is_there(self) -> "Description":
        ids = [o.id for o in self.objects]
        if twice := sorted(i for i, n in Counter(ids).items() if n > 1):
            raise ValueError(f"ids stand for two objects: {', '.join(twice)}")
        named = [n for r in self.relations for n in (r.subject, r.object)]
        named += [n for a in self.actions for n in (a.actor, a.target) if n is not None]
        if unknown := sorted(set(named) - set(ids)):
            raise ValueError(f"relations or actions name what is not among the objects: {', '.join(unknown)}")
        if any(r.subject == r.object for r in self.relations):
            raise ValueError("a relation of a thing with itself")
        return self


@dataclass(frozen=True)
class DescribedExample:
    """A photo that a person has described."""

    image: ImageArray
    description: Description


@dataclass
class DescribedPhotos:
    """What became of the photos."""

    photos: list[dict[str, Any]] = field(default_factory=list)
    out: Path = Path()
    spent_usd: float = 0.0
    stopped: str | None = None  # why it asks no more

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds: counts, and what things there are."""
        states = Counter(p["state"] for p in self.photos)
        names = Counter(o["name"] for p in self.photos if "description" in p for o in p["description"]["objects"])
        found = {
            "photos": len(self.photos), "described": states["described"], "repaired": sum(
                p["asked"] > 1 for p in self.photos if p["state"] == "described"
            ),
            "refused": states["refused"], "not_asked": states["not asked"], "left_out": states["left out"],
            "objects": dict(names.most_common(20)), "cost_usd": self.spent_usd, "stopped": self.stopped,
            "written_to": str(self.out / FILE),
        }  # fmt: skip
        return {k: v for k, v in found.items() if v is not None}


def read_examples(folder: Path) -> list[DescribedExample]:
    """Photos with a description of the same name beside them (dog.jpg, dog.json), at most `MAX_EXAMPLES`.

    Raises:
        FixArguments: there is no such pair, or a description does not fit; the message names the file.
    """
    found = []
    for path in sorted(p for p in folder.glob("*") if is_image(p)):
        said = path.with_suffix(".json")
        if not said.is_file():
            continue
        try:
            found.append(
                DescribedExample(read_image(path), Description.model_validate_json(said.read_text(encoding="utf-8")))
            )
        except (ValidationError, UnicodeDecodeError) as error:
            raise FixArguments(f"{said}: {_wrong(error)}") from None
    if not found:
        raise FixArguments(f"--examples {folder}: no photo with a description beside it (dog.jpg and dog.json)")
    return found[:MAX_EXAMPLES]


def describe_photos(
    photos: Sequence[Path], out: Path, model: VisionModel, settings: Settings, *, classes: Sequence[str] = (),
    examples: Sequence[DescribedExample] = (), told: Callable[[int], None] = lambda _done: None,
) -> DescribedPhotos:  # fmt: skip
    """Describe photos; what was answered before is not asked again.

    Args:
        photos: photos and folders of them; only read.
        out: new folder, or one that this wrote before.
        model: is asked; keeps its answers and what they cost.
        settings: `describe_attempts`.
        classes: names to use where they fit; empty: any.
        examples: shown to the model first.
        told: called with how many photos are done.

    Raises:
        FixArguments: a photo is not there, `out` holds other files, or no vision model is named.
        StepFailed: no photo could be described.
    """
    if problem := model.unavailable():
        raise FixArguments(f"photos are described by a vision model, and {problem}")
    owned.refuse_foreign(out, "--out")
    question = prompts.load(_PROMPT).format(
        classes=f" Use these names where they fit: {', '.join(classes)}." if classes else ""
    )
    done, lost = DescribedPhotos(out=out), 0
    shots = [(e.image, e.description.model_dump_json()) for e in examples]
    for photo in read_ahead(find_photos(photos)):
        entry: dict[str, Any] = {"file": str(photo.file.path), "sha256": photo.sha256, "asked": 0}
        done.photos.append(entry)
        if photo.image is None:
            entry |= {"state": "left out", "why": photo.problem}
        elif done.stopped:
            entry["state"] = "not asked"
        else:
            try:
                entry |= _describe(model, photo.image, question, shots, photo.sha256, settings.vlm.describe_attempts)
                lost = 0
            except OutOfMoney as error:
                done.stopped, entry["state"] = str(error), "not asked"
            except StepFailed as error:
                lost += 1
                entry |= {"state": "refused", "why": str(error)}
                done.stopped = str(error) if lost >= _LOST_IN_A_ROW else None
        told(len(done.photos))
    done.spent_usd = model.ledger.spent_usd
    _write(done, model.name)
    if not any(p["state"] == "described" for p in done.photos):
        why = done.stopped or next((p["why"] for p in done.photos if "why" in p), "there is no photo")
        raise StepFailed(f"none of the {len(done.photos)} photos is described: {why}. See {done.out / FILE}")
    return done


def _write(done: DescribedPhotos, model: str) -> None:
    building = owned.unfinished(done.out)
    building.mkdir(parents=True)
    about = {"model": model, "prompt": prompts.version(_PROMPT), "cost_usd": done.spent_usd}
    write_json(building / FILE, about | {"photos": done.photos})
    done.out = owned.install(building, done.out, _BY)


def _describe(
    model: VisionModel, image: ImageArray, question: str, shots: Sequence[tuple[ImageArray, str]], digest: str,
    attempts: int,
) -> dict[str, Any]:  # fmt: skip
    """A photo's description, or why there is none."""
    asked, why, said = question, "", ""
    for attempt in range(1, attempts + 1):
        said = model.ask(image, asked, examples=shots, photo=digest)
        try:
            description = parse(said)
        except ValueError as error:
            why = str(error)
            asked = f"{question}\nYou answered before:\n{said[:2000]}\nThat cannot be used: {why}. Answer again, whole."
            continue
        return {"state": "described", "asked": attempt, "description": description.model_dump(mode="json")}
    return {"state": "refused", "asked": attempts, "why": why, "said": said[:_SAID_CHARS]}


def parse(answer: str) -> Description:
    """The description in an answer; a fence, words around it, and an end that is missing are forgiven.

    Raises:
        ValueError: there is none, or it does not fit; says what is wrong, for the model to mend it.
    """
    start = answer.find("{")
    try:
        value = parse_json_markdown(
            answer if "```" in answer else answer[max(start, 0) : answer.rfind("}") + 1 or None]
        )
    except ValueError:
        value = None
    if start < 0 or not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    try:
        return Description.model_validate(value)
    except ValidationError as error:
        raise ValueError(_wrong(error)) from None


def _wrong(error: ValidationError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()[:4])


def asked_folder(photos: Sequence[Path], settings: Settings) -> Path:
    """Where answers about these photos are kept, with the money that they cost: beside the runs."""
    said = json.dumps([str(p.resolve()) for p in photos])
    return settings.runs_dir / ".described" / hashlib.sha256(said.encode()).hexdigest()[:12]
