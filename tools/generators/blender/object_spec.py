"""ObjectSpec: how one kind of thing is built from parts, strict enough to take one written by a language model.

Nothing here touches Blender: a spec that passes is safe to build (finite numbers, bounded counts), one that does not is
refused with a sentence. `build.py` turns it into a mesh, `materials.py` into surfaces.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

import prompts
from tools.core.task import clean_name
from tools.generators.blender.families import checked_numbers, family, family_parts
from tools.generators.blender.parts import (
    Appearance,
    Body,
    Cluster,
    Ellipsoid,
    Material,
    Name,
    Part,
    Rest,
    Solid,
    Strict,
    Variation,
    vertices_of,
)
from tools.scenes.scene import CONTEXTS

MAX_PARTS = 40
OURS = ("asset", "family", "numbers", "labels", "flaw", "models")  # fields that no language model is told of
# A scene holds dozens of objects; above this one object alone would double the time to build a scene.
MAX_VERTICES = 8000


class ObjectSpec(Strict):
    """One kind of thing: its names, its looks, where it is met and how it is built."""

    name: Name = Field(description="what people call it, singular, e.g. 'gear wheel'")
    aliases: list[Name] = Field(default_factory=list, max_length=24, description="other English names, singular")
    chinese: list[Name] = Field(default_factory=list, max_length=12)
    size_m: float = Field(ge=1e-7, le=100, description="longest side in metres")
    contexts: list[str] = Field(
        default_factory=list, description=f"places where it is usually met: {', '.join(CONTEXTS)}"
    )
    rests: list[Rest] = Field(
        ["upright"],
        min_length=1,
        description="how it lies: upright on its z, on its side, flat on its broadest side, any way round, or hangs",
    )
    lookalikes: list[Name] = Field(default_factory=list, max_length=12, description="things mistaken for it")
    materials: dict[Name, Material] = Field(default_factory=dict, description="at most 16")
    parts: list[Part] = Field(default_factory=list, max_length=MAX_PARTS)
    appearances: list[Appearance] = Field(default_factory=lambda: [Appearance(name="plain")], min_length=1)
    variation: Variation = Field(default_factory=Variation)
    family: Name | None = Field(None, description="template that builds it from `numbers` instead of parts")
    numbers: dict[Name, Any] = Field(default_factory=dict, description="of the family; left out ones keep its own")
    labels: Literal["whole", "pieces"] = Field(
        "whole", description="pieces: each piece whose material is mark1, mark2... has a mask, the rest is its ground"
    )
    flaw: Name | None = Field(None, description="flaw that lies on it and is what is labelled")
    asset: str | None = Field(None, description="model file that draws it instead of parts; not for language models")

    _clean = field_validator("name")(clean_name)

    @field_validator("contexts")
    @classmethod
    def _known_contexts(cls, contexts: list[str]) -> list[str]:
        unknown = [c for c in contexts if c not in CONTEXTS]
        if unknown:
            raise ValueError(f"unknown context {unknown[0]!r}; there are {', '.join(CONTEXTS)}")
        return contexts

    @model_validator(mode="after")
    def _consistent(self) -> "ObjectSpec":
        if self.family is not None:
            self._take_family(self.family)
        elif not self.parts and self.asset is None and not all(a.models for a in self.appearances):
            raise ValueError("an object needs at least one part")
        if len(self.materials) > 16:
            raise ValueError(f"{len(self.materials)} materials; at most 16")
        names = [a.name.casefold() for a in self.appearances]
        if len(set(names)) < len(names):
            raise ValueError("two appearances have the same name")
        for part in self.all_parts():
            for material in _materials_of(part):
                if material not in self.materials:
                    known = ", ".join(self.materials) or "none"
                    raise ValueError(
                        f"a {part.shape} uses material {material!r}, which is not in `materials` ({known})"
                    )
            for only in part.only:
                if only.casefold() not in names:
                    raise ValueError(f"a {part.shape} is only in appearance {only!r}, which does not exist")
        for look in self.appearances:
            unknown = sorted(set(look.materials) - set(self.materials))
            if unknown:
                raise ValueError(f"appearance {look.name!r} replaces material {unknown[0]!r}, which does not exist")
        if self.parts and (count := sum(vertices_of(p) for p in self.parts)) > MAX_VERTICES:
            raise ValueError(f"about {count} vertices; at most {MAX_VERTICES}: use less detail, fewer sides or copies")
        return self

    def _take_family(self, name: str) -> None:
        """Check the numbers of every appearance, and take the family's materials for those that are not named."""
        if self.parts:
            raise ValueError("an object has a family or parts, not both")
        for look in self.appearances:
            checked_numbers(name, self.numbers | look.numbers)
        self.materials = family(name).materials | self.materials

    def parts_of(self, look: Appearance, rng: Any) -> "list[Part] | Body":
        """The parts of one object of an appearance, or a person; those of a family are drawn anew for each."""
        if self.family is None:
            return self.parts
        return family_parts(self.family, self.numbers | look.numbers, rng)

    def all_parts(self) -> Iterator[Any]:
        """Every part, those inside clusters included."""
        for part in self.parts:
            yield part
            if isinstance(part, Cluster):
                yield from part.parts

    def appearance(self, name: str | None = None) -> Appearance:
        """The appearance of that name; the first one when no name is given.

        Raises:
            KeyError: there is none of that name.
        """
        if not name:
            return self.appearances[0]
        for look in self.appearances:
            if look.name.casefold() == name.casefold():
                return look
        raise KeyError(f"{self.name} has no appearance {name!r}; it has {', '.join(a.name for a in self.appearances)}")


def _materials_of(part: Any) -> list[str]:
    names = [] if isinstance(part, Cluster) else [part.material]
    if isinstance(part, Ellipsoid) and part.panel_material:
        names.append(part.panel_material)
    return names


def refusal(error: ValidationError) -> str:
    """The first few things wrong with a spec, in one line each: where, and what."""
    lines = []
    for problem in error.errors()[:6]:
        where = ".".join(str(p) for p in problem["loc"]) or "object"
        lines.append(f"{where}: {problem['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)


def _type_text(schema: dict[str, Any]) -> str:
    """A JSON schema's type in a word: `number`, `[number, number]`, `up|out`, the name of another model."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema or "const" in schema:
        return "|".join(schema.get("enum", [schema.get("const")]))
    if "discriminator" in schema:
        return "part"
    if "anyOf" in schema:
        return " or ".join(_type_text(s) for s in schema["anyOf"])
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return "[" + ", ".join(_type_text(s) for s in schema["prefixItems"]) + "]"
        return f"list of {_type_text(schema['items'])}"
    if schema.get("type") == "object":
        return f"object of name: {_type_text(schema['additionalProperties'])}"
    if "pattern" in schema:
        return "'#rrggbb'"
    text = str(schema["type"])
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    return f"{text} {low}..{high}" if low is not None and high is not None and (low, high) != (-10, 10) else text


def describe_schema() -> str:
    """The fields of an ObjectSpec, one a line: a fifth of the JSON schema's length, for a prompt."""
    definitions: dict[str, Any] = dict(ObjectSpec.model_json_schema()["$defs"])
    definitions["ObjectSpec"] = ObjectSpec.model_json_schema()
    common = Solid.model_json_schema()["properties"]
    definitions["Every part"] = {"description": Solid.__doc__, "properties": common, "required": ["material"]}
    lines = []
    for title in (
        "ObjectSpec", "Appearance", "Variation", "Material", "Layer", "Every part",
        "Lathe", "Box", "Ellipsoid", "Tube", "Sheet", "Ring", "Cluster",
    ):  # fmt: skip
        model = definitions[title]
        lines.append(f"## {title}: {' '.join(model['description'].split())}")
        for name, field in model["properties"].items():
            if name in OURS or (name in common and "shape" in model["properties"]):
                continue
            default = "required" if name in model.get("required", []) else f"default {json.dumps(field.get('default'))}"
            default = default.replace("default null", "optional")
            told = f": {field['description']}" if "description" in field else ""
            lines.append(f"- {name} ({_type_text(field)}, {default}){told}")
    return "\n".join(lines)


def how_to_describe() -> str:
    """The prompt that teaches a language model to write an ObjectSpec: rules, fields, a worked example."""
    return prompts.load("object_spec").replace("{schema}", describe_schema())
