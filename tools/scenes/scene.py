"""SceneSpec: what one image should show, the one language of all generators."""

import hashlib
from typing import Literal

from pydantic import BaseModel, Field

# What the renderer knows how to build. A sampler draws from these; they are also the slices a model is judged by.
CONTEXTS = (
    "orchard", "bush", "grass", "soil", "table", "shelf", "conveyor", "floor",
    "road", "sky", "studio", "hand", "workbench", "inspection", "dashcam", "aerial", "slide", "liquid", "surface",
)  # fmt: skip
LIGHTS = ("overcast", "sun", "low sun", "backlight", "deep shade", "indoor lamp", "studio light")
WEATHERS = ("clear", "haze", "after rain")
VIEWPOINTS = ("eye level", "slightly above", "from above", "straight down", "from below")
# Share of the image's width taken by one object, low to high.
DISTANCES = {
    "very close": (0.60, 0.90),
    "close": (0.30, 0.60),
    "near": (0.15, 0.30),
    "medium": (0.07, 0.15),
    "far": (0.03, 0.07),
}
AXES = ("context", "light", "weather", "viewpoint", "distance", "crowding", "occlusion", "appearance")

Role = Literal["target", "lookalike"]


class SceneObject(BaseModel):
    """One thing in the image."""

    role: Role = "target"
    class_name: str | None = Field(None, description="class of a target; None for a look-alike, which is not labelled")
    drawn_as: str = Field(description="key of the ObjectSpec or asset that draws it")
    appearance: str = ""
    box: tuple[float, float, float, float] = Field(description="wanted (cx, cy, w, h), normalised to 0..1")
    depth: int = Field(0, description="order from the camera, 0 nearest")
    occlusion: float = Field(0.0, ge=0, le=0.95, description="wanted share hidden by something in front")


class SceneSpec(BaseModel):
    """What one image should show."""

    caption: str = ""
    context: str
    light: str
    weather: str = "clear"
    viewpoint: str = "eye level"
    distance: str = "near"
    clutter: float = Field(0.3, ge=0, le=1, description="how much unlabelled stuff of the place is around")
    objects: list[SceneObject] = Field(default_factory=list)
    prompts: dict[str, str] = Field(default_factory=dict, description="prompt file -> version, of what wrote its words")
    family: str = Field(description="scenes of one family look alike and stay in one split")
    aimed: bool = Field(False, description="drawn for a weak slice: to learn from and to decide by, not to report on")
    seed: int = Field(ge=0)

    @property
    def id(self) -> str:
        """Hash of everything that decides the image (caption, who wrote it and what it is for do not)."""
        return hashlib.sha1(self.model_dump_json(exclude={"caption", "prompts", "aimed"}).encode()).hexdigest()[:16]

    @property
    def layout_id(self) -> str:
        """The same for images that were to show the same, drawn from other noise."""
        return self.candidate(-self.seed).id

    def candidate(self, number: int) -> "SceneSpec":
        """This layout drawn once more, from other noise; number 0 is the scene itself."""
        return self.model_copy(update={"seed": self.seed + number})

    @property
    def targets(self) -> list[SceneObject]:
        """The objects that will be labelled."""
        return [o for o in self.objects if o.role == "target"]

    def axes(self) -> dict[str, str]:
        """The scene's value on every axis of `AXES`: the slices it belongs to."""
        targets = self.targets
        crowding = "none" if not targets else "one" if len(targets) == 1 else "few" if len(targets) <= 4 else "many"
        hidden = max((o.occlusion for o in targets), default=0.0)
        return {
            "context": self.context,
            "light": self.light,
            "weather": self.weather,
            "viewpoint": self.viewpoint,
            "distance": self.distance,
            "crowding": crowding,
            "occlusion": "open" if hidden < 0.15 else "partly hidden" if hidden < 0.45 else "mostly hidden",
            "appearance": targets[0].appearance if targets else "none",
        }
