"""Turn the planned scenes of a run into images with the engine named in the settings."""

import errno
import math
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import monotonic
from typing import Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import StepFailed
from tools.data.dataset import file_sha256, sample_id
from tools.data.origin import mark, source_type
from tools.data.sample import Sample
from tools.generators import Failed, Generated, Generator
from tools.generators.choosing import make_generator
from tools.runs.estimate import Plan, estimate, fit_plan
from tools.runs.pace import at_pace, latest_paces
from tools.runs.profile import fall_back
from tools.runs.runtime import RunContext, report

# Training and measuring need their share of a minutes budget: no more images when less than this is left of a round,
# or when a round's images have had the minutes that the rest of the plan leaves them: on a slow machine fewer
# images, seen more often, give fewer false alarms than all of them (docs/experiments/rounds.md).
RESERVED_SHARE = 0.45
PACE_AFTER = 12  # images, after which the plan's seconds are compared with the real ones
SLOW = 1.3  # times the plan's seconds, which vary by a fifth from run to run
MIN_FREE_BYTES = 4 * 2**20  # less than a few images and their rows need


def _engine_at_hand(run: RunContext) -> Generator:
    """The chosen engine, or Blender where one that was not the user's own choice cannot start."""
    try:
        return make_generator(run)
    except StepFailed as error:
        fall_back(run, "generator", "blender", error)
        return make_generator(run)


def _spread(run: RunContext, engine: Generator) -> Generator:
    """The engine on a cluster where the settings say so; one that spends money stays here, beside its one ledger."""
    if run.settings.cluster.engine == "local" or engine.spent_usd is not None:
        return engine
    from tools.cluster.stages import RayGenerator

    return RayGenerator(run, engine)


def generate(run: RunContext) -> str:
    """Make an image of every planned scene that has none; see `generate_images`."""
    current, scenes = run.round, run.dataset.pending_scenes()
    earlier = max(0, len(run.dataset.scenes(current.number)) - len(scenes))  # of this round, before a stop
    scratch = run.folder / ".generating"
    shutil.rmtree(scratch, ignore_errors=True)  # ours alone: what a kill left half-written
    before, seconds, out_of_time = run.dataset.count(), list[float](), False
    engine = _spread(run, _engine_at_hand(run))
    engine.stop_by(run.check_stop)
    scratch.mkdir(parents=True)
    run.record.engines[engine.name] = {
        "version": engine.version, "licence": engine.licence, "for": "pictures",
        "why": engine.why,
    }  # fmt: skip
    failed: Counter[str] = Counter()
    began = monotonic()
    time_is_up = _clock(run, run.record.estimate, began)
    came: list[float] = []  # when each image was there
    try:
        run.progress("generate", earlier, earlier + len(scenes), pictures=current.generated)
        for done, result in enumerate(engine.generate(scenes, scratch), start=1):
            if isinstance(result, Failed):
                if shutil.disk_usage(run.folder).free < MIN_FREE_BYTES:  # not the scene's fault: it stays planned
                    raise OSError(errno.ENOSPC, result.reason)
                run.dataset.fail_scene(result.scene.id, result.reason)
                failed[result.reason] += 1
                run.emit("warning", text=f"scene {result.scene.id} gave no picture: {result.reason}")
            else:
                _keep(run, engine, result)
                seconds.append(result.seconds)
            current.generated = run.dataset.count(round_number=current.number)
            came.append(monotonic())
            if done == PACE_AFTER and current.number == 1 and (cost := run.record.estimate):
                taken = (came[-1] - came[0]) / (done - 1)
                if taken > SLOW * _counted_s(cost) > 0:
                    time_is_up = _clock(run, _fewer_rounds(run, cost, taken), began)
            run.progress(
                "generate",
                earlier + done,
                earlier + len(scenes),
                pictures=current.generated,
                seconds_per_image=round(median(seconds), 2) if seconds else None,
            )
            run.check_stop()
            if time_is_up():
                out_of_time = True
                break
    except (OSError, sqlite3.OperationalError) as error:
        if not _disk_is_full(error):
            raise
        free = shutil.disk_usage(run.folder).free // 2**20
        raise StepFailed(
            f"the disk of {run.folder} is full ({free} MB free); every picture made so far is kept. Free some space, "
            "then resume the run."
        ) from error
    finally:
        engine.close()
        if engine.spent_usd is not None:
            run.record.totals["money"] = engine.spent_usd
        shutil.rmtree(scratch, ignore_errors=True)
    current.generated = run.dataset.count(round_number=current.number)
    run.save()
    stopped = engine.stopped
    if stopped and not current.generated:
        raise StepFailed(f"no picture could be made: {stopped}")
    if not current.generated:
        reasons = failed or Counter(run.dataset.failures().values())
        reason = reasons.most_common(1)[0][0] if reasons else "no scene is planned; call design_scenes first"
        raise StepFailed(f"no picture could be made: {reason}")
    return report(
        done=f"made {run.dataset.count() - before} pictures of {len(scenes)} planned scenes",
        pictures_in_round=current.generated,
        pictures_in_all=run.dataset.count(),
        seconds_per_image=round(median(seconds), 2) if seconds else None,
        money=run.record.totals.get("money"),
        failed=dict(failed.most_common(3)),
        stopped="the minutes budget leaves only enough for training" if out_of_time else stopped,
        next="score_images",
    )


def _counted_s(cost: dict[str, Any]) -> float:
    """Seconds that the plan counted an image with."""
    return 60 * float(cost["stages"]["generate"]) / int(cost["images"])


def _fewer_rounds(run: RunContext, cost: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Say that a machine turns out slower than the plan counted with, and plan the rounds that it has minutes for.

    Args:
        run: its budget gets fewer rounds where a plan at this pace has fewer.
        cost: `RunRecord.estimate`.
        seconds: that an image takes.

    Returns:
        What the rest costs, in the form of `cost`.
    """
    budget, slower = run.task.budget, seconds / _counted_s(cost)
    rest, way_out = cost, ""
    if budget.minutes is not None:
        way_out = f"; what does not fit into {budget.minutes:g} minutes is left out"
        drawn = [c.drawn_as for c in run.task.classes]
        own = at_pace(run.settings, latest_paces(run.folder.parent, run.record.machine, run.settings, drawn))
        now = own.model_copy(update={
            "estimate_render_s": own.estimate.render_s * slower,
            "estimate_train_images_per_s": own.estimate.train_images_per_s / slower,
        })  # fmt: skip
        effort, photos = cost.get("effort", run.settings.effort), cost.get("photos", 0)
        whole = Plan(images=cost["images"], rounds=budget.rounds, effort=effort, photos=photos)
        with suppress(StepFailed):  # where not even the least fits, the plan stays
            plan, _ = fit_plan(whole, budget.minutes, now)
            if plan.rounds < budget.rounds:
                way_out += f" (rounds: {plan.rounds} instead of {budget.rounds})"
                budget.rounds = plan.rounds
                rest = estimate(plan, now, limited=True).model_dump() | plan.model_dump()
                run.save()
    run.emit(
        "warning",
        text=f"a picture takes {seconds:.1f} s here, and the plan counted {_counted_s(cost):.1f}: the whole run would "
        f"take about {cost['minutes'] * slower:.0f} minutes, not {cost['minutes']:.0f}{way_out}",
    )
    return rest


def _disk_is_full(error: OSError | sqlite3.OperationalError) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "disk is full" in str(error)


def _clock(run: RunContext, cost: dict[str, Any] | None, began: float) -> Callable[[], bool]:
    """Says when the images of this round, made since `began`, have had their share of the minutes."""
    budget, current = run.task.budget, run.round
    if budget.minutes is None:
        return lambda: False
    limit_s, share_s = 60 * budget.minutes, math.inf
    if cost:
        planned = min(1.0, len(run.dataset.scenes(current.number)) / cost["images"])
        generate_s, all_s = 60 * cost["stages"]["generate"], 60 * cost["minutes"]
        share_s = max(limit_s - (all_s - generate_s), limit_s * generate_s / all_s) * planned
    earlier_s = sum(s.seconds for s in run.record.stages if (s.name, s.round) == ("generate", current.number))

    def time_is_up() -> bool:
        if run.remaining_s() < RESERVED_SHARE * limit_s / max(1, budget.rounds):
            return True
        return earlier_s + monotonic() - began > share_s

    return time_is_up


def _keep(run: RunContext, engine: Generator, result: Generated) -> None:
    scene, kind = result.scene, run.task.kind
    identity = sample_id(scene, engine.name)
    origin = engine.digital_source_type or source_type(engine.name, result.provenance)
    if origin is not None:
        mark(result.image, origin)
    sample = Sample(
        id=identity,
        scene_id=scene.id,
        round=run.dataset.round_of_scene(scene.id),
        image=f"images/{identity[:2]}/{identity}{result.image.suffix}",
        width=result.width,
        height=result.height,
        sha256=file_sha256(result.image),
        family=scene.family,
        axes=scene.axes(),
        engine=engine.name,
        seed=scene.seed,
        provenance={
            "engine": engine.name, "version": engine.version, "licence": engine.licence, "caption": scene.caption,
            **({"prompts": scene.prompts} if scene.prompts else {}),
            "seconds": round(result.seconds, 3), "digital_source_type": origin, **result.provenance,
        },
        label=next((o.class_name for o in scene.targets), None) if kind == "classify" else None,
        instances=result.instances,
        lookalikes=result.lookalikes,
    )  # fmt: skip
    run.dataset.add_sample(sample, result.image)


@tool
def generate_images(runtime: ToolRuntime[RunContext]) -> str:
    """Make an image with exact labels of every scene that design_scenes planned and that has none yet."""
    run = runtime.context
    run.task  # noqa: B018  (refuses before a plan is approved)
    with run.stage("generate"):
        return generate(run)
