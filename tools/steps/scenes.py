"""Design scenes: plan what the images of a round show, within the budget, from an evenly covered vocabulary."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

import prompts
from tools.core.errors import StepFailed
from tools.core.settings import WORDED_GENERATORS
from tools.drawable.drawing import merged, things_of, wishes_of
from tools.runs.runtime import Round, RunContext, report, write_json
from tools.scenes.captions import near_identical
from tools.scenes.places import IMPOSSIBLE, known_place
from tools.scenes.sampler import pairs_covered, sample_scenes
from tools.scenes.scene import SceneSpec
from tools.scenes.vocabulary import Vocabulary, build_vocabulary
from tools.steps.photos_given import wishes_like_photos

__all__ = [
    "IMPOSSIBLE", "Vocabulary", "build_vocabulary", "design", "design_scenes", "known_place", "next_round",
    "sample_scenes",
]  # fmt: skip


def design(run: RunContext, count: int | None, focus: Sequence[str], vocabulary: Mapping[str, Any] | None) -> str:
    """Plan the scenes of the current or the next round; see `design_scenes`."""
    task, settings = run.task, run.settings
    number = next_round(run)
    words = _vocabulary(run, vocabulary)
    key, granted, after = _grant(run, number, count, focus, vocabulary, words)
    each = settings.candidates_each
    # Drawn before a round is opened: a call that is refused must not leave an empty one.
    layouts = sample_scenes(
        task, words, -(-granted // each), int(key[:12], 16), focus, settings=settings,
        earlier=run.dataset.scenes()[:after],
    )  # fmt: skip
    scenes = [layout.candidate(n) for layout in layouts for n in range(each)][:granted]
    if vocabulary:  # written by a model that had read these
        versions = {name: prompts.version(name) for name in instructions()}
        scenes = [s.model_copy(update={"prompts": versions}) for s in scenes]
    if number > len(run.record.rounds):
        run.record.rounds.append(Round(number=number))
    with run.stage("design"):
        run.round.focus = list(dict.fromkeys([*run.round.focus, *focus]))
        run.save()
        added = run.dataset.add_scenes(number, scenes)
        run.progress("design", granted, granted)
    planned = run.dataset.scenes(number)
    return report(
        done=f"planned {len(planned)} scenes for round {number} of {task.budget.rounds}"
        + ("" if added else "; this call had been made before and added nothing"),
        round=number,
        pictures_left=task.budget.images - run.dataset.count_scenes(),
        fewer_than_asked=f"{granted} of {count}: the budget" if count is not None and granted < count else None,
        focus=list(focus),
        layouts=len({s.layout_id for s in planned}) if each > 1 else None,
        **_facts(planned, words),
        next="generate_images",
    )


def _vocabulary(run: RunContext, wishes: Mapping[str, Any] | None) -> Vocabulary:
    """What the engine can show, what photos without labels show, and what a language model wishes: the last counts."""
    named = run.settings.scenes.named_context_share

    def built(own: Mapping[str, Any]) -> Vocabulary:
        return build_vocabulary(run.task, things_of(run), named, own)

    own = wishes_of(run)
    if run.settings.generation.generator in WORDED_GENERATORS:
        own = merged(own, wishes_like_photos(run, built(own)))
    return built(merged(own, wishes))


def instructions() -> list[str]:
    """Prompt files that a language model reads before it designs scenes, whatever draws them."""
    return ["agent", "vocabulary", "phrases"]


def next_round(run: RunContext) -> int:
    """The number of the round being designed: a new one once the last is diagnosed.

    Raises:
        StepFailed: all rounds of the budget are used.
    """
    rounds = run.record.rounds
    number = len(rounds) + 1 if not rounds or rounds[-1].diagnosis is not None else len(rounds)
    if number > run.task.budget.rounds:
        raise StepFailed(f"all {run.task.budget.rounds} rounds of the budget are used; export what there is")
    return number


def _grant(
    run: RunContext, number: int, count: int | None, focus: Sequence[str], wishes: Mapping[str, Any] | None,
    words: Vocabulary,
) -> tuple[str, int, int]:  # fmt: skip
    """How many scenes a call gets: its key, the number, and how many scenes there were before it.

    Written down before the scenes are, so that the same call after a kill gets the same scenes although the budget
    that is left has changed.

    Raises:
        StepFailed: the image budget is used up.
    """
    call = json.dumps([run.settings.seed, number, count, list(focus), wishes], sort_keys=True, ensure_ascii=False)
    key = hashlib.sha256(call.encode()).hexdigest()
    path = run.folder / "rounds" / f"{number:02d}" / "scenes.json"
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"calls": {}}
    if key not in known["calls"]:
        before = run.dataset.count_scenes()
        budget = run.task.budget
        if (room := budget.images - before) <= 0:
            raise StepFailed(f"the budget of {budget.images} pictures is used up; export what there is")
        wanted = _share(run, number, before - len(run.dataset.scenes(number))) if count is None else count
        known["calls"][key] = {"asked": count, "focus": list(focus), "scenes": min(wanted, room), "after": before}
        known["vocabulary"] = words.model_dump(mode="json")
        write_json(path, known)
    granted = known["calls"][key]
    return key, granted["scenes"], granted["after"]


def _share(run: RunContext, number: int, earlier: int) -> int:
    """The round's part of the image budget."""
    budget = run.task.budget
    if number == 1 and budget.rounds > 1:
        return max(1, round(budget.images * run.settings.scenes.first_round_share))
    return max(1, (budget.images - earlier) // (budget.rounds - number + 1))


def _facts(scenes: Sequence[SceneSpec], words: Vocabulary) -> dict[str, Any]:
    """What a report says of planned scenes."""
    covered, possible = pairs_covered(scenes, words)
    layouts = {s.layout_id: s for s in scenes}.values()  # candidates of one are said in the same words on purpose
    return {
        "near_identical_prompts": near_identical(layouts) if words.phrases else None,
        "negatives": sum(not s.targets for s in scenes),
        "targets": sum(len(s.targets) for s in scenes),
        "pairs_covered": f"{covered} of {possible} pairs of values",
        "contexts": sorted({s.context for s in scenes}),
        "lookalikes": sorted({o.drawn_as for s in scenes for o in s.objects if o.role == "lookalike"}),
    }


@tool
def design_scenes(
    runtime: ToolRuntime[RunContext],
    count: int | None = None,
    focus: list[str] | None = None,
    vocabulary: dict[str, Any] | None = None,
) -> str:
    """Plan the scenes of a round; call it once a round, before generate_images.

    Args:
        runtime: given by the agent.
        count: how many; leave it out for the budget's share.
        focus: weak slices to aim at, 'axis=value', as diagnose_model names them. 'class=name' gives that class most of
            the objects, 'confused=one/other' shows two classes side by side.
        vocabulary: changed weights, axis -> {value: weight}, e.g. {"light": {"deep shade": 3}}; 0 leaves a value out.
            Also {"phrases": {axis: {value: [ways of saying it]}}},
            {"appearances": {class: {name: weight}}} and {"lookalikes": {class: [names]}}.
    """
    return design(runtime.context, count, focus or [], vocabulary)
