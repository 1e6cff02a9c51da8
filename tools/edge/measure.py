"""What each form of a model costs in scores and gains in time, all on the same images and in the same way.

Every form is asked as a device would ask it: one look at a square, no second look, no tiles, no corrected scores. So
the figures of `model.pt` here are lower than those of the run, and what counts is the difference between the forms.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.task import TaskSpec
from tools.data.images import ImageArray, read_image
from tools.data.sample import Sample
from tools.data.scores import EvaluatedOn
from tools.edge.forms import PT, Batch, Forward
from tools.metrics.judging import scorer_of
from tools.metrics.predictions import ask, join
from tools.metrics.scoring import ScoringRules
from tools.models.checkpoint import Card
from tools.models.postprocess import MAX_DETECTIONS, centre_crop, detections, letterbox
from tools.models.predict import Predictor
from tools.models.tiles import Seen, View, once_each

_RUNS = 20  # of each form for its latency; one more before them warms up


@dataclass
class FormRow:
    """One form of a model."""

    form: str
    product: str
    mb: float
    ms: float | None = None  # median of one image through the network; None: it runs on the device alone
    speed: float | None = None  # times that of model.pt
    scores: dict[str, float] = field(default_factory=dict)  # by what it was measured on
    loss: dict[str, float] = field(default_factory=dict)  # what model.pt scores more

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return asdict(self)


@dataclass(frozen=True)
class Exam:
    """What a model is measured on."""

    task: TaskSpec
    root: Path  # that paths of images are relative to
    samples: Mapping[EvaluatedOn, Sequence[Sample]]
    rules: Callable[[EvaluatedOn], ScoringRules]
    confidence: float  # least score of a detection that counts


class DeviceModel(Predictor):
    """One form of a model, asked as a device asks it."""

    def __init__(self, forward: Forward, card: Card) -> None:
        import torch

        super().__init__(torch.nn.Identity(), card.kind, card.names, card.size_px, closer=False)
        self._raw = forward

    def _seen(self, images: Sequence[ImageArray], confidence: float) -> list[list[Seen]]:
        seen = []
        for image in images:
            padded, fit = letterbox(image, self.size_px, square=True)
            found = detections(self._forward(padded[None]), len(self.names), confidence, nms_iou=self.nms_iou)[0]
            seen.append(once_each([View.of(found, fit, None)], MAX_DETECTIONS))
        return seen

    def _forward(self, batch: npt.NDArray[np.uint8]) -> Any:
        import torch

        raw = [self._raw(as_input(image)) for image in batch]
        joined = [torch.from_numpy(np.concatenate(parts)) for parts in zip(*raw, strict=True)]
        return (joined[0] if len(joined) == 1 else joined, None)


def as_input(image: npt.NDArray[np.uint8]) -> Batch:
    """A square (side, side, 3) image as the network takes it."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None].astype(np.float32) / 255)


def fitted(samples: Sequence[Sample], root: Path, card: Card) -> list[Batch]:
    """Images as the network takes them."""
    images = (read_image(root / s.image) for s in samples)
    if card.kind == "classify":
        return [as_input(centre_crop(p, card.size_px)) for p in images]
    return [as_input(letterbox(p, card.size_px, square=True)[0]) for p in images]


def measure(
    forms: Mapping[str, tuple[str, float, Forward]], card: Card, exam: Exam | None, after: Callable[[int], None]
) -> list[FormRow]:
    """Scores and times of the forms of a model.

    Args:
        forms: name -> product, its megabytes, and how it is run; `model.pt` is among them.
        card: of the model.
        exam: None where there is no labelled image: times alone.
        after: called after each batch with the number of images in it; may raise Stopped.
    """
    milliseconds = latencies_ms({name: forward for name, (_, _, forward) in forms.items()}, card.size_px)
    rows = []
    for name, (product, megabytes, forward) in forms.items():
        row = FormRow(name, product, megabytes, milliseconds[name], round(milliseconds[PT] / milliseconds[name], 2))
        if exam is not None:
            row.scores = _scores(DeviceModel(forward, card), exam, after)
        rows.append(row)
    exact = next(row for row in rows if row.form == PT).scores
    for row in rows:
        row.loss = {on: round(exact[on] - score, 4) for on, score in row.scores.items()}
    return rows


def _scores(model: DeviceModel, exam: Exam, after: Callable[[int], None]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for on, samples in exam.samples.items():
        answers = ask(model, samples, exam.root, exam.confidence, after)
        score = scorer_of(join(samples, answers, exam.task), exam.task, exam.rules(on)).score
        if not np.isnan(score):
            scores[on] = round(float(score), 4)
    return scores


def latencies_ms(forwards: Mapping[str, Forward], size_px: int) -> dict[str, float]:
    """Median milliseconds of one image through each network.

    In turns, so that what else runs here hits all alike; and by the processor's time where that is less than the
    clock's, since then others held it up.
    """
    image = np.random.default_rng(0).random((1, 3, size_px, size_px), np.float32)
    times: dict[str, list[float]] = {name: [] for name in forwards}
    for number in range(_RUNS + 1):
        for name, forward in forwards.items():
            clock, processor = time.perf_counter(), time.process_time()
            forward(image)
            if number:
                times[name].append(1000 * min(time.perf_counter() - clock, time.process_time() - processor))
    return {name: round(median(values), 2) for name, values in times.items()}
