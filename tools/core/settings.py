"""The settings of a run: groups of values (`setting_groups.py`), overridden by variables of the environment.

A setting has one flat name, such as `service_queue`, beside its place, `settings.service.queue`. Variables, commands,
pages and records of before hold flat names; a record of now holds the groups. `grouped` and `flat` lead from one to the
other.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.core import setting_groups as groups
from tools.core.secrecy import remember, reveal, secret_fields
from tools.core.setting_groups import SettingGroup
from tools.core.task import Effort

# Generators that draw from words alone: nobody knows where things are until somebody looks.
WORDED_GENERATORS = ("diffusion", "openai_images")


class EffortLevel(BaseModel):
    """What one word buys."""

    images: int
    rounds: int
    epochs: int
    bootstrap: int


# `quick` ends in about 12 minutes on two cores, rendering included; each next level takes about 4 times as long.
EFFORTS: dict[Effort, EffortLevel] = {
    "quick": EffortLevel(images=360, rounds=2, epochs=26, bootstrap=200),
    "standard": EffortLevel(images=900, rounds=3, epochs=32, bootstrap=500),
    "thorough": EffortLevel(images=2500, rounds=4, epochs=44, bootstrap=1000),
}


class Settings(BaseModel):
    """Read once at the start of a run and kept in its `run.json`, all but what is secret by its type (`SecretStr`).

    Keys are secret, and so are addresses of services, in which a user and password may stand: they are read from the
    environment each time.

    pydantic-settings would read groups from the environment too, but only where a group's name begins its variables'
    names, and takes 13 ms for it.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)

    runs_dir: Path = Path("runs")
    effort: Effort = "standard"
    profile: Literal["auto", "offline"] = "auto"
    seed: int = Field(0, ge=0)
    size_px: int = Field(320, ge=64, le=2048, multiple_of=32)  # 320 px: the smallest at which far fruit keeps 10 px

    cluster: groups.ClusterSettings = Field(default_factory=groups.ClusterSettings)
    llm: groups.LlmSettings = Field(default_factory=groups.LlmSettings)
    openai: groups.OpenAISettings = Field(default_factory=groups.OpenAISettings)
    plan: groups.PlanSettings = Field(default_factory=groups.PlanSettings)
    estimate: groups.EstimateSettings = Field(default_factory=groups.EstimateSettings)
    scenes: groups.SceneSettings = Field(default_factory=groups.SceneSettings)
    generation: groups.GenerationSettings = Field(default_factory=groups.GenerationSettings)
    render: groups.RenderSettings = Field(default_factory=groups.RenderSettings)
    models: groups.ModelLibrarySettings = Field(default_factory=groups.ModelLibrarySettings)
    copy_paste: groups.CopyPasteSettings = Field(default_factory=groups.CopyPasteSettings)
    image: groups.ImageServiceSettings = Field(default_factory=groups.ImageServiceSettings)
    diffusion: groups.DiffusionSettings = Field(default_factory=groups.DiffusionSettings)
    repaint: groups.RepaintSettings = Field(default_factory=groups.RepaintSettings)
    vlm: groups.VlmSettings = Field(default_factory=groups.VlmSettings)
    cvat: groups.CvatSettings = Field(default_factory=groups.CvatSettings)
    curation: groups.CurationSettings = Field(default_factory=groups.CurationSettings)
    clip: groups.ClipSettings = Field(default_factory=groups.ClipSettings)
    clis: groups.ClisSettings = Field(default_factory=groups.ClisSettings)
    split: groups.SplitSettings = Field(default_factory=groups.SplitSettings)
    annotation: groups.AnnotationSettings = Field(default_factory=groups.AnnotationSettings)
    c2pa: groups.SigningSettings = Field(default_factory=groups.SigningSettings)
    training: groups.TrainingSettings = Field(default_factory=groups.TrainingSettings)
    evaluation: groups.EvaluationSettings = Field(default_factory=groups.EvaluationSettings)
    memory: groups.MemorySettings = Field(default_factory=groups.MemorySettings)
    ui: groups.PageSettings = Field(default_factory=groups.PageSettings)
    service: groups.ServiceSettings = Field(default_factory=groups.ServiceSettings)
    callback: groups.CallbackSettings = Field(default_factory=groups.CallbackSettings)
    promote: groups.PromotionSettings = Field(default_factory=groups.PromotionSettings)
    drift: groups.DriftSettings = Field(default_factory=groups.DriftSettings)
    label: groups.LabellingSettings = Field(default_factory=groups.LabellingSettings)
    review: groups.ReviewSettings = Field(default_factory=groups.ReviewSettings)
    shown: groups.ShownSettings = Field(default_factory=groups.ShownSettings)
    learn: groups.LearningSettings = Field(default_factory=groups.LearningSettings)

    def __init__(self, **values: Any) -> None:
        """Settings as given, by flat names or in groups; else as the environment says; else the defaults.

        Raises:
            ValidationError: a value does not fit its setting.
        """
        super().__init__(**grouped(_from_environment(), values))

    @model_validator(mode="after")
    def _remember_secrets(self) -> Self:
        for name in self.secret_variables().values():
            if value := reveal(self.value(name)):
                remember(value)
        return self

    @property
    def given(self) -> frozenset[str]:
        """Flat names of the settings that somebody set, here or in the environment."""
        return frozenset(name for name, place in places().items() if place.field in self.holder(place).model_fields_set)

    def value(self, name: str) -> Any:
        """The value of a setting, by its flat name."""
        place = places()[name]
        return getattr(self.holder(place), place.field)

    def change(self, **values: Any) -> None:
        """Set settings by their flat names; values are taken as they are.

        Raises:
            KeyError: there is no such setting.
        """
        for name, value in values.items():
            place = places()[name]
            setattr(self.holder(place), place.field, value)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = True) -> Self:
        """As pydantic's, but `update` holds flat names, and deep: of a shared group both would change.

        Raises:
            KeyError: there is no setting of such a name.
        """
        copy = super().model_copy(deep=True)
        copy.change(**(update or {}))
        return copy

    def planned_epochs(self, effort: Effort | None = None) -> int:
        """Passes over a round's images: as set, else what an effort buys (the settings' own when None)."""
        return self.training.epochs or EFFORTS[effort or self.effort].epochs

    @property
    def candidates_each(self) -> int:
        """Images drawn of one layout, of which one stays; renders show exactly what was asked for, so one is made."""
        return self.generation.candidates if self.generation.generator in WORDED_GENERATORS else 1

    def written(self) -> dict[str, Any]:
        """The settings as a run keeps them: JSON, in groups, without what is secret."""
        return kept_settings(self.model_dump(mode="json"))

    def without_secrets(self) -> "Settings":
        """A copy that may be sent elsewhere."""
        return self.model_copy(update=dict.fromkeys(self.secret_variables().values()))

    @classmethod
    def secret_variables(cls) -> dict[str, str]:
        """Variable of the environment -> flat name of the secret setting that it holds."""
        return {place.variable: name for name, place in places().items() if place.secret}

    def holder(self, place: "SettingPlace") -> BaseModel:
        """What a setting is a field of: its group, or the settings themselves."""
        group: BaseModel = getattr(self, place.group) if place.group else self
        return group


class SettingPlace(NamedTuple):
    """Where a setting stands: in a group, or in the settings themselves when `group` is empty."""

    group: str
    field: str
    variable: str  # of the environment
    secret: bool


@cache
def places() -> dict[str, SettingPlace]:
    """Flat name of every setting -> its place."""
    found, secret = {}, secret_fields(Settings)
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, SettingGroup)):
            found[name] = SettingPlace("", name, f"SIGHTSMITH_{name}".upper(), name in secret)
            continue
        secret_here = secret_fields(kind)
        for own, inner in kind.model_fields.items():
            flat_name = str(inner.validation_alias or kind.prefix + own)
            found[flat_name] = SettingPlace(name, own, (kind.variable_prefix + flat_name).upper(), own in secret_here)
    return found


def grouped(*given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in their groups, from flat names, groups or both; what is given later wins.

    A mapping under the name of a group is that group; anything else there is a flat name: `llm` is both.

    Raises:
        ValueError: the name of a group stands for something else.
    """
    found: dict[str, Any] = {}
    for values in given:
        for name, value in values.items():
            place = places().get(name)
            if isinstance(value, SettingGroup):
                found.setdefault(name, {}).update(value.model_dump(exclude_unset=True))
            elif isinstance(value, Mapping) and name in _GROUPS:
                found.setdefault(name, {}).update(value)
            elif place is not None and place.group:
                found.setdefault(place.group, {})[place.field] = value
            elif name in _GROUPS:
                raise ValueError(f"{name} is a group of settings, not {value!r}")
            else:
                found[name] = value
    return found


def flat(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `given`, in groups or not, by their flat names."""
    values = grouped(given)
    holders = {name: values.get(place.group, {}) if place.group else values for name, place in places().items()}
    return {name: holders[name][place.field] for name, place in places().items() if place.field in holders[name]}


def kept_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a record holds of settings: groups, and nothing secret, as records of before may."""
    values = grouped(given)
    for place in places().values():
        if place.secret:
            values.get(place.group, {}).pop(place.field, None)
    return values


def _from_environment() -> dict[str, str]:
    environment = {name.upper(): value for name, value in os.environ.items()}
    return {name: environment[p.variable] for name, p in places().items() if p.variable in environment}


_GROUPS = frozenset(place.group for place in places().values() if place.group)
