"""Language data of a run: everything that can be said of its exact images, checked against their scenes."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.core.errors import StepFailed
from tools.data.formats.coco_captions import Said, image_path
from tools.data.formats.dialogues import Dialogue
from tools.data.formats.labels import labelled
from tools.data.images import read_image
from tools.data.sample import Instance, Sample
from tools.language.balance import balanced, statistics
from tools.language.check import Checker
from tools.language.facts import Facts, facts_of, is_exact, vocabulary
from tools.language.questions import Pair, box_text, captions_of, pairs_of
from tools.language.refer import expressions
from tools.scenes.scene import SceneSpec

_CAPTION_ASKED = ("Describe the picture.", "What does the picture show?", "Say in a few words what is to be seen.")


@dataclass(frozen=True)
class LanguageData:
    """What is said about the exact images of a run; all of it has passed the check."""

    samples: tuple[Sample, ...]
    names: tuple[str, ...]  # that are spoken of
    pairs: dict[str, list[Pair]]  # by sample
    captions: dict[str, list[str]]
    expressions: dict[str, list[tuple[Instance, tuple[str, ...]]]]
    refused: Counter[str]  # kind -> texts that the check did not find in the scene; they are left out
    inexact: int  # images left out, since their labels are not those of a scene

    @property
    def statistics(self) -> dict[str, Any]:
        """Counts, balance and difficulty; see `balance.statistics`."""
        found = statistics(p for pairs in self.pairs.values() for p in pairs)
        captions = [c for said in self.captions.values() for c in said]
        meant = [w for things in self.expressions.values() for _, ways in things for w in ways]
        return {
            "pictures": len(self.samples), **found, "captions": len(captions), "referring_expressions": len(meant),
            "refused_by_the_check": dict(self.refused), "pictures_without_exact_labels": self.inexact,
        }  # fmt: skip

    @property
    def dialogues(self) -> list[Dialogue]:
        """A conversation an image: a caption first, then what is asked."""
        found = []
        for sample in self.samples:
            turns = [(_asked(sample.id), caption) for caption in self.captions[sample.id][-1:]]
            turns += [(pair.question, pair.answer) for pair in self.pairs[sample.id]]
            image = image_path(labelled(sample))
            found.append(Dialogue(sample.id, image, sample.split or "train", tuple(turns)))
        return found

    @property
    def said(self) -> list[Said]:
        """Captions and referring expressions by image."""
        return [Said(labelled(s), tuple(self.captions[s.id]), tuple(self.expressions[s.id])) for s in self.samples]

    @property
    def digest(self) -> str:
        """Of all texts, so that a change of them or of how they are made is seen."""
        texts = [[s.id, self.captions[s.id], [[p.question, p.answer] for p in self.pairs[s.id]],
                  [list(ways) for _, ways in self.expressions[s.id]]] for s in self.samples]  # fmt: skip
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def speak(
    samples: Sequence[Sample],
    scenes: Mapping[str, SceneSpec],
    classes: Sequence[str],
    folder: Path,
    check_stop: Callable[[], None] = lambda: None,
) -> LanguageData:
    """Everything that is certain about images, in words.

    Args:
        samples: kept images; those without exact labels are left out and counted.
        scenes: id -> scene.
        classes: of the task.
        folder: of the run.
        check_stop: called between images.

    Raises:
        StepFailed: no image has exact labels, or one cannot be read.
    """
    exact = [s for s in samples if is_exact(s) and s.scene_id in scenes]
    if not exact:
        raise StepFailed(
            "No kept picture has exact labels, so nothing certain can be said about one. Language data comes from "
            "rendered or pasted pictures (generator blender or copy_paste) whose labels nobody has changed."
        )
    names = vocabulary(exact, classes)
    images: dict[str, Facts] = {}
    for sample in exact:
        check_stop()
        image = read_image(folder / sample.image)
        images[sample.id] = facts_of(sample, scenes[sample.scene_id], image, names, classes)
    colours = _colours(images.values())
    asked: dict[str, list[Pair]] = {}
    captions: dict[str, list[str]] = {}
    meant: dict[str, list[tuple[Instance, tuple[str, ...]]]] = {}
    refused: Counter[str] = Counter()
    for identity, facts in images.items():
        check_stop()
        sample = facts.sample
        checker = Checker(sample, scenes[sample.scene_id], read_image(folder / sample.image), names)
        pairs = pairs_of(facts, names, colours)
        asked[identity] = [p for p in pairs if checker.problem(p.question, p.answer) is None]
        refused.update(p.kind for p in pairs if p not in asked[identity])
        said = captions_of(facts)
        captions[identity] = [c for c in said if checker.caption_problem(c) is None]
        refused["caption"] += len(said) - len(captions[identity])
        meant[identity] = _meant(facts, checker, refused)
    return LanguageData(tuple(exact), names, balanced(asked), captions, meant, +refused, len(samples) - len(exact))


def _colours(images: Iterable[Facts]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for facts in images:
        for thing in facts.things:
            if thing.colour:
                found.setdefault(thing.name, set()).add(thing.colour)
    return {name: sorted(colours) for name, colours in found.items()}


def _meant(facts: Facts, checker: Checker, refused: Counter[str]) -> list[tuple[Instance, tuple[str, ...]]]:
    """The things of an image that can be meant, with all that means them."""
    labels = [*facts.sample.instances, *facts.sample.lookalikes]
    found = []
    for thing in facts.things:
        ways = expressions(thing, facts)
        box = box_text(thing, facts)
        good = tuple(w for w in ways if checker.problem(f"Please give the bounding box of {w}.", box) is None)
        refused["expression"] += len(ways) - len(good)
        if good:
            found.append((labels[thing.index], good))
    return found


def _asked(identity: str) -> str:
    return _CAPTION_ASKED[int(hashlib.sha1(identity.encode()).hexdigest()[:6], 16) % len(_CAPTION_ASKED)]
