"""Three yes/no questions to a vision model about boxes drawn on the image (DART, arXiv 2407.09174).

Is each right? Is any missed? Do they fit? An image with a "no" is dropped: a label that is wrong costs more than a
image that is not there.
"""

import json
import re
from collections.abc import Sequence

import cv2

import prompts
from tools.core.errors import StepFailed
from tools.data.images import ImageArray
from tools.data.sample import Instance
from tools.models.vision import OutOfMoney, VisionModel

QUESTIONS = {
    "all_right": "a box holds something else", "none_missed": "an object has no box",
    "all_fit": "a box does not fit its object",
}  # fmt: skip
COLOURS = ((255, 40, 40), (40, 120, 255), (255, 200, 0), (40, 220, 80), (230, 60, 230), (0, 220, 220))
LEAST_PX = 512  # a smaller image is enlarged, or lines and numbers would hide what they mark
FAILURES_IN_A_ROW = 3  # then it is not asked again


class VlmReview:
    """Reviews labels of images.

    Args:
        model: answers.
        names: the classes' phrases, by class.
    """

    def __init__(self, model: VisionModel, names: dict[str, str]) -> None:
        self.model, self._names = model, names
        self.reviewed = self.unreviewed = 0
        self.stopped: str | None = None  # why it asks no more
        self._failed = 0

    def problem(self, image: ImageArray, labels: Sequence[Instance]) -> str | None:
        """What speaks against the labels of an (h, w, 3) RGB image; None: nothing, or nobody could say."""
        if not labels:
            return None
        answers = None if self.stopped else self._answers(image, labels)
        if answers is None:
            self.unreviewed += 1
            return None
        self.reviewed += 1
        wrong = [why for key, why in QUESTIONS.items() if answers[key] is False]
        return f"the vision model says: {wrong[0]}" if wrong else None

    def close(self) -> None:
        """Close the connection."""
        self.model.close()

    def _answers(self, image: ImageArray, labels: Sequence[Instance]) -> dict[str, bool] | None:
        classes = ", ".join(dict.fromkeys(self._names.get(i.class_name, i.class_name) for i in labels))
        try:
            said = self.model.ask(draw(image, labels), prompts.load("review_labels").format(classes=classes))
        except OutOfMoney as error:
            self.stopped = str(error)
            return None
        except StepFailed as error:
            self._failed += 1
            self.stopped = str(error) if self._failed >= FAILURES_IN_A_ROW else None
            return None
        self._failed = 0
        return parse(said)


def parse(answer: str) -> dict[str, bool] | None:
    """The three answers out of what a model wrote; None when one of them is missing or not a yes or no."""
    found = re.search(r"\{.*\}", answer, re.DOTALL)
    try:
        values = json.loads(found.group(0)) if found else None
    except ValueError:
        return None
    if not isinstance(values, dict) or not all(isinstance(values.get(k), bool) for k in QUESTIONS):
        return None
    return {k: values[k] for k in QUESTIONS}


def draw(image: ImageArray, labels: Sequence[Instance]) -> ImageArray:
    """The image with each label's box, number and class; small images are enlarged first."""
    scale = max(1.0, LEAST_PX / max(image.shape[:2]))
    seen = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    for number, label in enumerate(labels):
        x1, y1, x2, y2 = (round(v * scale) for v in label.box)
        colour = COLOURS[number % len(COLOURS)]
        cv2.rectangle(seen, (x1, y1), (x2, y2), colour, 2)
        cv2.putText(
            seen, f"{number + 1} {label.class_name}", (x1 + 2, max(12, y1 - 4)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour,
            1, cv2.LINE_AA,
        )  # fmt: skip
    drawn: ImageArray = seen
    return drawn
