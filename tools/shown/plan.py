"""What learning from shown photos costs: trainings of a fixed length, whatever the number of photos."""

from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.runs.estimate import Estimate, scale
from tools.shown.recipe import MORE_MINUTES, WITH_MORE, epochs_of

OUTLINE_S = 1.0  # looking for the outline of one object, and copying its photo; measured on two cores with AVX2
_OBJECTS = 3  # of a photo, where nobody has counted


def shown_cost(
    task: TaskSpec, photos: int, settings: Settings, minutes: float | None, *, more: bool = False
) -> Estimate:
    """Minutes by stage; nothing costs money.

    Args:
        task: kind and classes; one class counts as a kind of thing that the starter knows.
        photos: that are learnt from.
        settings: size of an image and the measured seconds.
        minutes: the budget, else that of the settings; trainings end in time for it.
        more: photos without labels are given too, so everything is trained once more.
    """
    area, speed = scale(settings)
    seen = max(settings.shown.pictures, photos) * epochs_of(task, settings, known=len(task.classes) == 1)
    training = seen * area / settings.estimate.train_images_per_s / speed**0.5
    parts = min(settings.shown.folds, photos) if photos > 1 else 0
    seconds = {
        "look": photos * _OBJECTS * OUTLINE_S,
        "train": training,
        "cross-validate": parts * training,
        "export, report": settings.estimate.finish_s,
    }
    if more:
        seconds["learn"] = 2 * WITH_MORE * (training + parts * training)
    total = sum(seconds.values()) / 60
    shrunk = min(1.0, (minutes or settings.shown.minutes * (MORE_MINUTES if more else 1.0)) / total)
    stages = {name: round(s * shrunk / 60, 2) for name, s in seconds.items()}
    return Estimate(minutes=round(total * shrunk, 1), stages=stages)
