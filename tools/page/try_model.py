"""Try a model on one uploaded photo."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from tools.core.errors import FixArguments, StepFailed
from tools.data.pictures import PICTURE_SUFFIXES, Picture, read_picture
from tools.data.sample import Instance
from tools.models.predict import Predictor

LEAST_CONFIDENCE = 0.01  # asked for once; the slider then only filters
_NAME = "the photo"


@dataclass(frozen=True)
class Tried:
    """What a model says about a picture."""

    picture: Picture
    found: list[Instance] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)  # of a classifier

    def above(self, confidence: float) -> list[Instance]:
        """What it is at least so sure of."""
        return [i for i in self.found if i.score >= confidence]


def read_upload(content: bytes, name: str) -> Picture:
    """The (h, w, 3) RGB picture of an uploaded file.

    Raises:
        FixArguments: it is no picture, broken, or a decompression bomb.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise FixArguments(f"{name[:80]!r} is no picture; accepted are {', '.join(sorted(PICTURE_SUFFIXES))}")
    with NamedTemporaryFile(suffix=suffix) as file:  # the reader of pictures takes files, and refuses what it must
        file.write(content)
        file.flush()
        try:
            return read_picture(Path(file.name))
        except StepFailed as error:
            raise FixArguments(str(error).replace(file.name, _NAME)) from None


def try_model(predictor: Predictor, picture: Picture) -> Tried:
    """Ask a model about a picture: objects for finders, shares for classifiers."""
    if predictor.kind == "classify":
        return Tried(picture, shares=predictor.classify(picture))
    return Tried(picture, predictor.predict(picture, LEAST_CONFIDENCE))
