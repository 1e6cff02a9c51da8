"""Evaluation and Diagnosis: what a model scored, on what, and where it is weak."""

from typing import Literal

from pydantic import BaseModel, Field

# cross_val: photos that were learnt from, each judged by a model that has not seen it
EvaluatedOn = Literal["synthetic_val", "synthetic_test", "real_val", "real_test", "cross_val"]
EVALUATED_ON: tuple[EvaluatedOn, ...] = (
    "real_test",
    "cross_val",
    "real_val",
    "synthetic_test",
    "synthetic_val",
)  # as they are shown
ErrorKind = Literal["missed", "merged", "background", "loose mask", "wrong class", "double"]
Interval = tuple[float, float]
# Resamples of fewer are nearly the same few images again: an interval of them says how sure nobody can be.
MIN_INTERVAL_IMAGES = 5


class SliceScore(BaseModel):
    """The score of one class or one slice of an axis."""

    images: int
    instances: int
    score: float | None = Field(None, description="the task's main metric on this part; None: nothing to score")
    precision: float | None = None
    recall: float | None = None
    interval: Interval | None = Field(None, description="95 % bootstrap interval of `score`")

    def model_post_init(self, _context: object) -> None:
        """No interval of a few images, whoever wrote it down."""
        if self.images < MIN_INTERVAL_IMAGES:
            self.interval = None


class Evaluation(BaseModel):
    """Scores on one set of images. None means: cannot be measured here (no masks, no boxes, no empties)."""

    on: EvaluatedOn
    images: int
    instances: int
    metric: str = Field(description="name of the main metric: mask_map50, box_map50 or accuracy")
    mask_map50: float | None = None
    mask_map50_95: float | None = None
    box_map50: float | None = None
    box_map50_95: float | None = None
    accuracy: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    threshold: float | None = Field(None, description="working confidence, chosen on the deciding set")
    empties: int = 0
    false_positives_per_empty: float | None = None
    intervals: dict[str, Interval] = Field(default_factory=dict)
    per_class: dict[str, SliceScore] = Field(default_factory=dict)
    per_slice: dict[str, SliceScore] = Field(default_factory=dict, description="'axis=value' -> score")
    notes: list[str] = Field(default_factory=list)

    def model_post_init(self, _context: object) -> None:
        """No interval of a few images, whoever wrote it down."""
        if self.images < MIN_INTERVAL_IMAGES:
            self.intervals = {}

    @property
    def score(self) -> float | None:
        """The main metric's value."""
        value: float | None = getattr(self, self.metric)
        return value

    def part(self, name: str) -> SliceScore | None:
        """The score of a slice or of a class, by 'axis=value'."""
        axis, _, value = name.partition("=")
        return self.per_class.get(value) if axis == "class" else self.per_slice.get(name)

    def set_interval(self, name: str, value: Interval | None) -> None:
        """Keep an interval where there is one."""
        if value is not None:
            self.intervals[name] = value


class WeakSlice(BaseModel):
    """A slice that is worse than the rest, with the evidence for saying so."""

    axis: str
    value: str
    score: float
    rest: float = Field(description="score on everything outside the slice")
    instances: int
    errors: dict[str, int] = Field(default_factory=dict, description="kind of error -> count")
    interval: Interval | None = Field(None, description="95 % bootstrap interval of rest - score")
    on: EvaluatedOn | None = Field(None, description="pictures it was measured on")

    @property
    def name(self) -> str:
        """'axis=value'."""
        return f"{self.axis}={self.value}"


class Confusion(BaseModel):
    """One class that was taken for another."""

    truth: str
    taken_for: str
    count: int


class Diagnosis(BaseModel):
    """What to make more of next."""

    round: int
    on: EvaluatedOn
    measured_by: str = Field("", description="what slices are compared by: the main metric, or one that still moves")
    weak: list[WeakSlice] = Field(default_factory=list, description="worse than the rest beyond noise, weakest first")
    least_certain: list[WeakSlice] = Field(
        default_factory=list, description="lowest slices when none is weak beyond noise: a guess, not a finding"
    )
    aim: list[str] = Field(default_factory=list, description="'axis=value' that new scenes should show, first first")
    errors: dict[str, int] = Field(default_factory=dict)
    confused: list[Confusion] = Field(default_factory=list, description="classes taken for others, most often first")
    mistaken: dict[str, int] = Field(
        default_factory=dict, description="look-alike in rendered pictures -> how often it was taken for a target"
    )
    lookalikes: dict[str, int] = Field(default_factory=dict, description="look-alike -> how many those pictures show")
    plateau: bool = Field(False, description="the round was not better than the best before, beyond noise")
    advice: list[str] = Field(default_factory=list)


class LabelQuality(BaseModel):
    """Labels of one class, or of all, against exact ones."""

    objects: int = Field(description="exact ones")
    found: int
    dice: float | None = Field(None, description="mean over the objects found; None: none was")
    iou: float | None = None
    missed: float | None = Field(None, description="share of the objects without a label, 0..1")
    false: float | None = Field(None, description="share of the labels that are of nothing, 0..1")
    intervals: dict[str, Interval] = Field(default_factory=dict, description="95 % bootstrap over pictures")


class Audit(BaseModel):
    """What an annotator did on images whose masks are known exactly."""

    annotator: str
    pictures: int
    by: str = Field(description="'mask' or 'box': what overlaps are of")
    overall: LabelQuality
    per_class: dict[str, LabelQuality] = Field(default_factory=dict)
