"""What a plan costs before anything is spent, and a plan that fits into the minutes there are."""

from pydantic import BaseModel, Field

from tools.core.devices import cpu_count
from tools.core.errors import StepFailed
from tools.core.settings import EFFORTS, Settings
from tools.core.task import Effort

_SIZE_PX, _CORES = 320, 2  # what the settings' seconds were measured with
_KEPT = 0.9  # share of the images that curation keeps, as measured
MEASURED_NETWORK = "yolo11n"  # what the settings' seconds were measured with
# Multiplications of an image beside those of size n, as Ultralytics publishes them for segmentation at 640 px: 10.4,
# 35.5, 123, 142 and 319 GFLOPs.
_WORK = {"n": 1.0, "s": 3.4, "m": 11.8, "l": 13.7, "x": 30.7}
NETWORKS = tuple(f"yolo{family}{size}" for family in (11, 12, 26) for size in _WORK)
_LEVELS: tuple[Effort, ...] = ("quick", "standard", "thorough")
ROUND_OF_SEVERAL = 2  # times the least images: so many make each of several rounds worth its measuring
# Where minutes are limited, the share of them that photos may judge each round for; 256 photos took half of six
# minutes, and the second round trained for 13 seconds.
JUDGED_SHARE, LEAST_JUDGING = 0.125, 48


class Plan(BaseModel):
    """How much is done."""

    images: int = Field(ge=1)
    rounds: int = Field(ge=1)
    effort: Effort
    photos: int = Field(0, ge=0, description="that each round is judged by")


class Estimate(BaseModel):
    """What a plan costs on this machine."""

    minutes: float
    stages: dict[str, float] = Field(description="minutes by stage, all rounds together")
    money: float = Field(0.0, description="US dollars; only engines of a service cost any")


def estimate(plan: Plan, settings: Settings, cores: int | None = None, *, limited: bool = False) -> Estimate:
    """Minutes by stage and money.

    Args:
        plan: what would be done.
        settings: size of an image and the measured seconds.
        cores: of this machine when None.
        limited: by minutes, for which trainings of few images are cut.
    """
    area, speed = scale(settings, cores)
    work = network_work(settings.training.model)
    seen = _images_by_round(plan, settings)
    train_share = 1 - settings.split.val - settings.split.test
    kept = _KEPT / settings.candidates_each
    least = 1 if limited else settings.training.epoch_pictures
    trained = sum(max(n * kept * train_share, least) for n in seen) * settings.planned_epochs(plan.effort)
    measured = sum(seen) * kept * (settings.split.val + settings.split.test)
    judged = plan.rounds * plan.photos * photo_s(settings)
    seconds = {
        "generate": plan.images * settings.estimate.render_s * area / speed,
        "score, curate, annotate": sum(seen) * settings.estimate.picture_s * area,
        # Training gains less from cores than rendering does: half of its time is not spent in large products.
        "train": trained * area * work / settings.estimate.train_images_per_s / speed**0.5,
        "evaluate, diagnose": measured * settings.estimate.predict_s * area * work
        + judged
        + plan.rounds * settings.estimate.round_s,
        "export, report": settings.estimate.finish_s,
    }
    stages = {name: round(s / 60, 2) for name, s in seconds.items()}
    money = plan.images * (settings.image.price or 0.0) if settings.generation.generator == "openai_images" else 0.0
    return Estimate(minutes=round(sum(seconds.values()) / 60, 1), stages=stages, money=round(money, 4))


def photo_s(settings: Settings) -> float:
    """Seconds that a photo takes in an evaluation."""
    return settings.estimate.photo_s * scale(settings)[0] * network_work(settings.training.model)


def photos_judging(there: int, minutes: float | None, settings: Settings) -> int:
    """How many of the photos judge a round: all, where minutes are limited no more than leave time to learn."""
    if minutes is None:
        return there
    return min(there, max(LEAST_JUDGING, int(JUDGED_SHARE * minutes * 60 / photo_s(settings))))


def about_judging(judging: int, there: int, minutes: float | None) -> list[str]:
    """What is to be said where not all photos judge."""
    if judging >= there or minutes is None:
        return []
    return [
        f"{judging} of the {there} photos judge, from all over them: more would leave little of {minutes:g} minutes to "
        "learn in"
    ]


def network_work(model: str) -> float:
    """How many times the work of the network that the settings' seconds were measured with."""
    return _WORK[model[-1]] if model in NETWORKS else 1.0


def scale(settings: Settings, cores: int | None = None) -> tuple[float, float]:
    """How much larger an image is, and how many times as many cores there are, than the settings' seconds count."""
    cores = cores or settings.generation.workers or cpu_count()
    return (settings.size_px / _SIZE_PX) ** 2, cores / _CORES


def _images_by_round(plan: Plan, settings: Settings) -> list[float]:
    """Images at hand in each round: every round trains on all images so far."""
    if plan.rounds == 1:
        return [float(plan.images)]
    first = plan.images * settings.scenes.first_round_share
    step = (plan.images - first) / (plan.rounds - 1)
    return [first + step * n for n in range(plan.rounds)]


def fit_plan(
    wanted: Plan, minutes: float | None, settings: Settings, *, images_given: bool = False, cores: int | None = None
) -> tuple[Plan, list[str]]:
    """The wanted plan, or the largest that fits into the minutes: shorter training, then fewer images and rounds.

    Args:
        wanted: what was asked for or is the default.
        minutes: the budget; None leaves the plan as it is.
        settings: as for `estimate`.
        images_given: the number of images was asked for, so a lower effort keeps it as long as it can.
        cores: of this machine when None.

    Returns:
        The plan, and sentences on what was cut.

    Raises:
        StepFailed: not even the smallest plan fits; the message says how long that takes.
    """
    if minutes is None or estimate(wanted, settings, cores, limited=True).minutes <= minutes:
        return wanted, []
    for effort in reversed(_LEVELS[: _LEVELS.index(wanted.effort)]):
        level = EFFORTS[effort]
        images = wanted.images if images_given else min(wanted.images, level.images)
        plan = wanted.model_copy(
            update={"images": images, "rounds": min(wanted.rounds, level.rounds), "effort": effort}
        )
        if estimate(plan, settings, cores, limited=True).minutes <= minutes:
            return plan, _cuts(wanted, plan, minutes)
    for rounds in range(min(wanted.rounds, EFFORTS["quick"].rounds), 0, -1):
        least = min(wanted.images, settings.plan.min_images * (rounds if rounds == 1 else ROUND_OF_SEVERAL * rounds))
        low, high = least, wanted.images

        def fits(images: int, rounds: int = rounds) -> bool:
            plan = wanted.model_copy(update={"images": images, "rounds": rounds, "effort": "quick"})
            return estimate(plan, settings, cores, limited=True).minutes <= minutes

        if not fits(low):
            continue
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(middle) else (low, middle - 1)
        plan = wanted.model_copy(update={"images": low, "rounds": rounds, "effort": "quick"})
        return plan, _cuts(wanted, plan, minutes)
    least = min(wanted.images, settings.plan.min_images)
    smallest = wanted.model_copy(update={"images": least, "rounds": 1, "effort": "quick"})
    needed = estimate(smallest, settings, cores, limited=True).minutes
    raise StepFailed(
        f"{minutes:g} minutes are not enough: even {smallest.images} pictures of {settings.size_px} px in one round "
        f"take about {needed:g} minutes here"
    )


def _cuts(wanted: Plan, plan: Plan, minutes: float) -> list[str]:
    parts = []
    if plan.effort != wanted.effort:
        parts.append(f"training as in effort {plan.effort} instead of {wanted.effort}")
    if plan.images != wanted.images:
        parts.append(f"{plan.images} pictures instead of {wanted.images}")
    if plan.rounds != wanted.rounds:
        parts.append(f"{plan.rounds} rounds instead of {wanted.rounds}")
    return [f"to fit into {minutes:g} minutes: {', '.join(parts)}"]
