"""What goes over the wire, as OpenAPI tells it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from tools.service.jobs import Status

Pixel = Annotated[FiniteFloat, Field(ge=-100_000, le=100_000)]
_MAX_OBJECTS = 2000


class Mask(BaseModel):
    """Compressed COCO run lengths."""

    size: tuple[int, int] = Field(description="height, width")
    counts: str


class Found(BaseModel):
    """An object."""

    model_config = ConfigDict(populate_by_name=True)

    class_name: str = Field(alias="class")
    score: float
    box: tuple[float, float, float, float] = Field(description="x1, y1, x2, y2 in pixels of the upright picture")
    mask: Mask | None = None


class Prediction(BaseModel):
    """What a version sees in an image."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(description="name it in /feedback")
    version: str
    width: int
    height: int
    instances: list[Found] | None = None
    class_name: str | None = Field(None, alias="class", description="of the whole picture, from a classifier")
    probabilities: dict[str, float] | None = None


class TrueObject(BaseModel):
    """An object that is really there."""

    class_name: str = Field(alias="class", max_length=200)
    box: tuple[Pixel, Pixel, Pixel, Pixel] = Field(description="x1, y1, x2, y2 in pixels")

    @model_validator(mode="after")
    def _has_area(self) -> "TrueObject":
        if not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise ValueError("a box is x1, y1, x2, y2 with x1 < x2 and y1 < y2")
        return self


class Review(BaseModel):
    """The reviewed truth of one answer: all objects of the image, or its class."""

    id: str = Field(max_length=64)
    objects: list[TrueObject] = Field(default_factory=list, max_length=_MAX_OBJECTS)
    class_name: str | None = Field(None, alias="class", max_length=200)


class Reviewed(BaseModel):
    """Which versions are measured by a review."""

    versions: list[str]


class CallbackState(BaseModel):
    """How far the telling of a job's end is."""

    url: str
    state: Literal["waiting", "sent", "failed"]
    attempts: int
    error: str


class JobState(BaseModel):
    """How far a job is."""

    id: str
    status: Status
    version: str
    photos: int
    done: int
    broken: int
    created: str
    finished: str | None
    callback: CallbackState | None = None


class Accepted(JobState):
    """A job that will be done, whatever happens to this server."""

    callback_secret: str | None = Field(None, description="signs the callback; told here and never again")


class VersionState(BaseModel):
    """A version, its part of the traffic and what feedback says of it."""

    name: str
    mode: Literal["main", "share", "shadow", "off"]
    share: float
    threshold: float
    kind: str
    classes: list[str]
    reviewed_photos: int
    precision: float | None
    recall: float | None
    f1: float | None


class Route(BaseModel):
    """Another part of the traffic for a version."""

    mode: Literal["share", "shadow", "off"]
    share: float = Field(0.0, ge=0, le=1)


class Promotion(BaseModel):
    """What came of the question whether a version is better."""

    promoted: bool
    why: str
    photos: int
    paired: bool
    f1: float
    f1_main: float
    p: float | None
    level: float


class Labels(BaseModel):
    """What a person may change of a training image, as it was or became."""

    verdict: str = Field(description="new, kept or dropped")
    split: str | None
    reasons: list[str]
    label: str | None = Field(description="of the whole picture, for a classifier")
    instances: list[dict[str, Any]] = Field(description="class_name, box, counts (COCO run lengths of the mask)...")


class Change(BaseModel):
    """One change by a person, of the audit trail."""

    version: int = Field(description="counts up; name it as `after` to read on")
    time: str
    reviewer: str = Field(description="who; empty where nobody gave a name")
    action: str = Field(description="accept, reject, flag, relabel, delete, draw or redraw")
    flagged: bool = Field(description="somebody else should look; nothing was changed")
    comment: str
    sample: str
    image: str
    file: str | None = Field(description="name of the photo as it was brought; None for a drawn picture")
    before: Labels
    after: Labels
    undone: bool = Field(description="it was taken back, and does not count")
    undone_by: str | None
    undone_time: str | None


class Trail(BaseModel):
    """A page of the audit trail, oldest first."""

    run: str
    changes: list[Change]
    next: int | None = Field(description="ask again with this `after`; None: that was all")


class Said(BaseModel):
    """A sentence; why something was refused."""

    detail: Any


class Health(BaseModel):
    """Whether it works."""

    status: Literal["ok", "not ready"]
    detail: str = ""
