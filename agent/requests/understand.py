"""What a request asks for, English and Chinese: kind of task, classes, places, amounts; or one question.

Plain rules, no model: it is what runs without a key. `words.py` holds the vocabulary; `amounts.py`, `request_text.py`
and `noun_phrases.py` the steps. A request is data: whatever else it says ("ignore your rules") is not followed, because
nothing here could follow it.
"""

import re
from functools import cache

from pydantic import BaseModel, Field

from agent.requests.amounts import take_amounts
from agent.requests.asides import take_asides
from agent.requests.declined import take_declined
from agent.requests.leftovers import not_understood, take_ruled_out
from agent.requests.network_wish import take_network
from agent.requests.noun_phrases import Reader, WantedClass
from agent.requests.questions import (
    Language,
    ask_for_kind,
    ask_for_less,
    ask_for_object,
    ask_for_second_class,
    ask_for_something_visible,
)
from agent.requests.request_text import CJK, MARK, Known, Mark, mark, mend_spelling, plain_text, rewrite, take_places
from agent.requests.set_aside import set_aside
from tools.core.task import MAX_NAME_CHARS, Effort, TaskKind

MAX_REQUEST_CHARS = 4000  # a request is a sentence or a few; what a box for words on the page takes
_MAX_LEFT, _LEFT_CHARS = 4, 60  # parts that were not understood, as they are shown
_KIND_ORDER: tuple[TaskKind, ...] = ("segment", "detect", "classify")


class Understanding(BaseModel):
    """A request, understood; `question` is set when it cannot be acted upon yet."""

    kind: TaskKind | None = None
    kind_assumed: bool = Field(False, description="no word of the request names the kind; segment was taken")
    classes: list[WantedClass] = Field(default_factory=list)
    contexts: list[str] = Field(default_factory=list)
    images: int | None = None
    rounds: int | None = None
    minutes: float | None = None
    money: float | None = None
    target: float | None = None
    effort: Effort | None = None
    model: str | None = Field(None, description="the network that was asked for, such as yolo11m")
    language: Language = "en"
    notes: list[str] = Field(default_factory=list)
    question: str | None = None


def understand(request: str, known: Known) -> Understanding:
    """Read a request.

    What is not done here, was ruled out or was not understood is told in `notes`: nothing is dropped in silence.

    Args:
        request: what the person wrote, of any content; one of more than `MAX_REQUEST_CHARS` is asked for in short.
        known: key and appearances of a phrase that something can draw, or None.

    Returns:
        The task as far as it was said; `question` holds what must be asked first, in the person's language.
    """
    language: Language = "zh" if re.search(f"[{CJK}]", request) else "en"
    if len(request) > MAX_REQUEST_CHARS:
        return Understanding(language=language, question=ask_for_less(len(request), MAX_REQUEST_CHARS, language))
    lookup = cache(lambda phrase: known(phrase) if len(phrase) <= MAX_NAME_CHARS else None)
    request, asides = take_asides(request, language)
    text, quotes = plain_text(request)
    text = set_aside(text, quotes, lookup)
    text, declined = take_declined(text, language)
    network, text = take_network(text, language)
    amounts, text = take_amounts(text)
    text, ruled_out = take_ruled_out(text, quotes, lookup)
    notes = [*asides, *declined, *network.notes, *amounts.notes]
    if ruled_out:
        notes.append(("不找：" if language == "zh" else "not looked for: ") + ", ".join(dict.fromkeys(ruled_out)))
    result = Understanding(
        language=language, images=amounts.images, rounds=amounts.rounds, minutes=amounts.minutes, money=amounts.money,
        target=amounts.target, effort=amounts.effort, model=network.model, notes=notes,
    )  # fmt: skip
    result.contexts, text = take_places(rewrite(mend_spelling(text, lookup)))
    marked, marks, refused = mark(text)
    reader = Reader(lookup, quotes)
    result.classes = reader.classes(marked, marks)
    result.contexts = result.contexts or reader.contexts
    _take_grounds(result, lookup)
    _say_what_is_left(result, reader, marked, quotes)
    _decide_kind(result, marks, refused, text)
    result.question = _question(result, marks, marked, reader)
    if result.question and not result.classes and (why := [*declined, *asides]):  # why nothing is left to find
        result.question = f"{why[0]}{'。' if language == 'zh' else '. '}{result.question}"
    return result


def _take_grounds(result: Understanding, lookup: Known) -> None:
    """Of a flaw a place may be its ground: "cracks in roads" are on road, and no scene of a street is needed."""
    if len(result.contexts) != 1 or any(c.appearances or not c.drawn_as for c in result.classes):
        return
    found = [lookup(f"{c.drawn_as} on {result.contexts[0]}") for c in result.classes]
    if found and all(f and f[0] == c.drawn_as and f[1] for f, c in zip(found, result.classes, strict=True)):
        for spec, known in zip(result.classes, found, strict=True):
            spec.appearances = list(known[1]) if known else []
        result.contexts = []


def _say_what_is_left(result: Understanding, reader: Reader, marked: str, quotes: list[str]) -> None:
    """Note the place that cannot be built, and what nobody understood."""
    zh, told = result.language == "zh", list(reader.read)
    if reader.elsewhere and not result.contexts and result.classes:
        told.append(reader.elsewhere[0])
        place = reader.elsewhere[0][:_LEFT_CHARS]
        result.notes.append(f"没有“{place}”这样的场景，图片会包含所有地点" if zh else
                            f'"{place}" is no place that can be built here; the pictures show every place')  # fmt: skip
    if left := not_understood(marked, told, quotes):
        shown = "; ".join(f'"{part[:_LEFT_CHARS]}"' for part in left[:_MAX_LEFT]) + " ..." * (len(left) > _MAX_LEFT)
        result.notes.insert(0, f"没有听懂：{shown}" if zh else f"not understood: {shown}")


def merge(first: Understanding, second: Understanding) -> Understanding:
    """What holds after the person added something: the second where it says anything, else the first."""
    said = {
        name: value
        for name in ("classes", "contexts", "images", "rounds", "minutes", "money", "target", "effort", "model")
        if (value := getattr(second, name)) not in (None, [])
    }
    if second.kind is not None and not second.kind_assumed:
        said |= {"kind": second.kind, "kind_assumed": False}
    merged = first.model_copy(
        update=said | {"notes": list(dict.fromkeys([*first.notes, *second.notes])), "question": None}
    )
    if merged.kind is None:
        merged.kind, merged.kind_assumed = "segment", True
    if not merged.classes:
        merged.question = ask_for_object(merged.language)
    elif merged.kind == "classify" and len(merged.classes) == 1:
        merged.question = ask_for_second_class(merged.classes[0].name, merged.language)
    return merged


def _decide_kind(result: Understanding, marks: list[Mark], refused: set[str], text: str) -> None:
    named = {m.kind for m in marks if m.kind != "any"} - refused
    by_role = [m.kind for m in marks if m.role == "noun" and m.kind in named]
    boxes = re.search(r"\bbbox|\bbox(?:es)?\b|框", text) and "detect" in by_role
    if boxes and not re.search(r"\bmasks?\b|掩|轮廓", text):
        result.kind = "detect"
    else:
        result.kind = next((k for k in _KIND_ORDER if k in named), None)
    if result.kind is None:
        result.kind, result.kind_assumed = "segment", True


def _question(result: Understanding, marks: list[Mark], marked: str, reader: Reader) -> str | None:
    either = re.search(rf"{MARK}[^{MARK}\n]{{0,12}}?(?:\bor\b|或者?|还是)[^{MARK}\n]{{0,12}}{MARK}", marked)
    if either and len({m.kind for m in marks} - {"any"}) > 1 and marks[0].kind != marks[-1].kind:
        return ask_for_kind(result.language)
    if not result.classes:
        return ask_for_something_visible(result.language) if reader.abstract else ask_for_object(result.language)
    if result.kind == "classify" and len(result.classes) == 1:
        return ask_for_second_class(result.classes[0].name, result.language)
    return None
