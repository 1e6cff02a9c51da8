"""What is to be recognised: kind of task, classes, places, budget."""

import re
import unicodedata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

TaskKind = Literal["classify", "detect", "segment"]
Effort = Literal["quick", "standard", "thorough"]
MAX_NAME_CHARS = 80


def clean_name(text: str) -> str:
    """One line of printable text, at most `MAX_NAME_CHARS` long; it stays what the user wrote.

    Raises:
        ValueError: nothing printable is left.
    """
    printable = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in unicodedata.normalize("NFC", text))
    name = re.sub(r"\s+", " ", printable).strip()
    if not name:
        raise ValueError("a class name needs at least one printable character")
    return name[:MAX_NAME_CHARS].strip()


def slug(text: str) -> str:
    """A name that is safe in a path and in a shell: lower-case ASCII letters, digits and dashes (may be empty)."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")


class ClassSpec(BaseModel):
    """One class: the name saved in labels, the phrase a detector should hear, and what draws it."""

    name: str = Field(description="label written into data sets, e.g. 'ripe tomato'")
    phrase: str = Field("", description="what an open-vocabulary detector should hear; defaults to the name")
    drawn_as: str = Field("", description="key of the object that draws it, e.g. 'tomato'; defaults to the name")
    appearances: list[str] = Field(
        default_factory=list, description="only these appearances of the object, e.g. ['ripe']; empty means all"
    )

    _clean = field_validator("name")(clean_name)

    def model_post_init(self, _context: object) -> None:
        """Fill what defaults to the name."""
        self.phrase = self.phrase or self.name
        self.drawn_as = self.drawn_as or self.name


class Budget(BaseModel):
    """What a run may use; enforced by the tools."""

    model_config = ConfigDict(allow_inf_nan=False)

    images: int = Field(ge=1, description="pictures generated over all rounds")
    rounds: int = Field(ge=1, le=20)
    minutes: float | None = Field(None, gt=0, description="wall-clock minutes; None means no limit")
    money: float = Field(0.0, ge=0, description="US dollars for paid services")


class TaskSpec(BaseModel):
    """The task as understood and approved."""

    kind: TaskKind
    classes: list[ClassSpec] = Field(min_length=1)
    contexts: list[str] = Field(default_factory=list, description="places the request named; empty means everywhere")
    target: float | None = Field(None, ge=0, le=1, description="score at which the run may stop early")
    budget: Budget
    request: str = ""

    @field_validator("classes")
    @classmethod
    def _distinct(cls, classes: list[ClassSpec]) -> list[ClassSpec]:
        names = [c.name.casefold() for c in classes]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"class named twice: {', '.join(twice)}")
        return classes

    @property
    def class_names(self) -> list[str]:
        """Names in label order; the index is the class id of every export."""
        return [c.name for c in self.classes]
