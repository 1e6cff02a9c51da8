"""Try a model on one uploaded photo."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from tools.core.errors import FixArguments, StepFailed
from tools.data.images import IMAGE_SUFFIXES, ImageArray, read_image
from tools.data.sample import Instance
from tools.models.predict import Predictor

LEAST_CONFIDENCE = 0.01  # asked for once; the slider then only filters
_NAME = "the photo"


@dataclass(frozen=True)
class Tried:
    """What a model says about an image."""

    image: ImageArray
    found: list[Instance] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)  # of a classifier

    def above(self, confidence: float) -> list[Instance]:
        """What it is at least so sure of."""
        return [i for i in self.found if i.score >= confidence]


def read_upload(content: bytes, name: str) -> ImageArray:
    """The (h, w, 3) RGB image of an uploaded file.

    Raises:
        FixArguments: it is no image, broken, or a decompression bomb.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise FixArguments(f"{name[:80]!r} is no picture; accepted are {', '.join(sorted(IMAGE_SUFFIXES))}")
    with NamedTemporaryFile(suffix=suffix) as file:  # the reader of images takes files, and refuses what it must
        file.write(content)
        file.flush()
        try:
            return read_image(Path(file.name))
        except StepFailed as error:
            raise FixArguments(str(error).replace(file.name, _NAME)) from None


def try_model(predictor: Predictor, image: ImageArray) -> Tried:
    """Ask a model about an image: objects for finders, shares for classifiers."""
    if predictor.kind == "classify":
        return Tried(image, shares=predictor.classify(image))
    return Tried(image, predictor.predict(image, LEAST_CONFIDENCE))
