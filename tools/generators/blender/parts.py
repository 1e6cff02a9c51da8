"""What things are built from: shapes, materials, and how much one object may differ from the next.

Nothing here touches Blender; what passes is safe to build: finite numbers, bounded counts.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_COPIES = 400


Number = Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]


Share = Annotated[float, Field(ge=0, le=1)]


Hex = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


Name = Annotated[str, Field(min_length=1, max_length=80)]


Ior = Annotated[float, Field(ge=0.5, le=2.5)]  # from nothing in glass to glass in nothing
Vec2 = tuple[Number, Number]


Vec3 = tuple[Number, Number, Number]


Degrees = Annotated[float, Field(ge=-720, le=720)]


Turn = tuple[Degrees, Degrees, Degrees]


Pattern = Literal["noise", "spots", "stripes", "streaks", "rings", "gradient", "band", "blush"]


Axis = Literal["height", "along", "x", "y"]


Rest = Literal["upright", "side", "flat", "any", "hangs"]


Where = Literal["sphere", "dome", "cone", "cylinder", "ring", "disc", "line", "grid", "bunch"]


class Strict(BaseModel):
    """Unknown fields are refused: a misspelt one would otherwise be lost without a word."""

    model_config = ConfigDict(extra="forbid")


class Layer(Strict):
    """Another colour laid over a material where a pattern says so."""

    pattern: Pattern = Field(
        description="noise: blotches; spots: dots; stripes: lengthwise, regular; streaks: lengthwise, irregular; "
        "rings: regular across; gradient: fades in along `span`; band: fills `span`; blush: covers one side"
    )
    colours: list[Hex] = Field(min_length=1, max_length=4, description="each object takes one or mixes near ones")
    amount: Share = Field(0.5, description="share covered; of spots their size; gradient and band ignore it")
    opacity: Share = 1.0
    scale: float = Field(4.0, ge=0.1, le=80, description="how many blotches, spots, stripes or rings across the part")
    softness: Share = Field(0.3, description="0 hard edge, 1 very soft")
    wobble: Share = Field(0.2, description="how irregular the edges are")
    axis: Axis = Field("height", description="of rings, gradient, band; 'along' follows a profile, path or sheet")
    span: tuple[Share, Share] = Field((0.0, 1.0), description="from, to on that axis; reversed for a reversed gradient")


class Material(Strict):
    """A surface."""

    colours: list[Hex] = Field(min_length=1, max_length=8, description="base; each object takes one or mixes near ones")
    layers: list[Layer] = Field(default_factory=list, max_length=6, description="laid over the base, first one lowest")
    roughness: Share = Field(0.5, description="0 mirror, 0.3 glossy, 0.9 matt")
    metallic: Share = 0.0
    transparency: Share = Field(0.0, description="1: clear glass or water tinted by the base colour")
    bends: tuple[Ior, Ior] | None = Field(
        None, description="clear and bends light: range of n inside over n outside; bubble .75 to .9"
    )
    subsurface: Share = Field(0.0, description="light inside: fruit flesh, wax, skin 0.1-0.3")
    coat: Share = Field(0.0, description="clear lacquer")
    bump: Share = Field(0.0, description="fine relief, 0.1 leather, 0.5 bark")
    bump_scale: float = Field(12.0, ge=0.5, le=200)
    folds: Share = Field(0.0, description="creases of worn cloth, 0.7 clothes")
    mottle: Share = Field(0.0, description="uneven brightness, coarse and fine: cloth 0.3, fur 0.8")
    fray: Share = Field(0.0, description="see-through in ragged patches, the more the nearer its rim: rust 0.6")
    hair: float = Field(0.0, ge=0, le=0.3, description="length of fur over the thing's longest side: dog 0.04")
    jitter: Share = Field(0.12, description="how much brightness and hue differ from object to object")
    alike: Share = Field(0.0, description="how much of its colour all of one image share: a stain took them all, 0.9")


class Shape(Strict):
    """What every part has."""

    at: Vec3 = Field((0.0, 0.0, 0.0), description="where its own origin goes")
    turn: Turn = Field((0.0, 0.0, 0.0), description="degrees about x, then y, then z")
    scale: Vec3 = (1.0, 1.0, 1.0)
    bend: Degrees = Field(0.0, description="degrees it curves towards +x along its height (a sheet: up, along its x)")
    bend_range: Degrees = Field(0.0, description="plus or minus, drawn for each object")
    tilt: float = Field(0.0, ge=0, le=180, description="random tilt of up to this many degrees, for each object")
    chance: Share = Field(1.0, description="share of the objects that have this part")
    only: list[Name] = Field(default_factory=list, description="appearances that have it; empty: all")


class Solid(Shape):
    """What every part has; a cluster has no material, its copies do."""

    material: Name = Field(description="a name from `materials`")


def _first_crossing(outline: list[Vec2]) -> tuple[int, int] | None:
    """The first two sides of a polygon that cross, by the signs of the four triangles between their ends."""

    def turn(a: Vec2, b: Vec2, c: Vec2) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    count = len(outline)
    sides = [(outline[i], outline[(i + 1) % count]) for i in range(count)]
    for i in range(count):
        for j in range(i + 2, count - (i == 0)):
            (a, b), (c, d) = sides[i], sides[j]
            if turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0:
                return i, j
    return None


class Lathe(Solid):
    """A profile turned about z: bottles, fruit, cups, bolts (6 segments)."""

    shape: Literal["lathe"] = "lathe"
    profile: list[Vec2] = Field(
        min_length=2,
        max_length=40,
        description="(radius, height) from the bottom up; may turn back down inside; a point given twice is an edge",
    )
    smooth: bool = Field(True, description="a curve through the points; false: straight lines with edges")
    segments: int = Field(32, ge=3, le=64)
    lobes: int = Field(0, ge=0, le=24, description="soft ribs around: pumpkin 10, bell pepper 4, gear-like 12")
    lobe_depth: float = Field(0.0, ge=0, le=0.5, description="share of the radius")
    lobe_at: Literal["all", "top", "bottom"] = "all"

    @field_validator("profile")
    @classmethod
    def _radii(cls, profile: list[Vec2]) -> list[Vec2]:
        if any(r < 0 for r, _ in profile):
            raise ValueError("a radius in `profile` is negative; points are (radius, height)")
        if max(r for r, _ in profile) == 0:
            raise ValueError("every radius in `profile` is 0")
        return profile


class Box(Solid):
    """A block with rounded edges, centred on its origin."""

    shape: Literal["box"] = "box"
    size: Vec3
    bevel: float = Field(0.1, ge=0, le=0.5, description="rounding, as a share of the smallest side")
    taper: float = Field(1.0, ge=0, le=2, description="width of the top, as a share of the bottom's")


class Ellipsoid(Solid):
    """A ball or egg, centred on its origin."""

    shape: Literal["ellipsoid"] = "ellipsoid"
    size: Vec3 = Field((1.0, 1.0, 1.0), description="diameters")
    detail: int = Field(16, ge=3, le=32, description="rows; 6 is enough for a small copy")
    panels: Literal["none", "football"] = Field("none", description="football: 20 hexagons and 12 pentagons with seams")
    panel_material: Name | None = Field(None, description="material of the pentagons")


class Tube(Solid):
    """A round or flat bar along a path: stems, wires, handles, rims, capsules."""

    shape: Literal["tube"] = "tube"
    path: list[Vec3] = Field(min_length=2, max_length=60)
    radius: list[Annotated[float, Field(ge=0, le=10)]] = Field(
        min_length=1, max_length=60, description="one for all, or several spread evenly along the path"
    )
    smooth: bool = Field(True, description="a curve through the points; false: straight pieces")
    closed: bool = False
    flat: float = Field(1.0, ge=0.02, le=1, description="section height over width; 1 is round")
    sides: int = Field(10, ge=3, le=32)
    round_ends: bool = False


class Sheet(Solid):
    """A flat outline in the xy plane with a thickness: leaves, paper, keys, saw blades, signs."""

    shape: Literal["sheet"] = "sheet"
    outline: list[Vec2] = Field(min_length=3, max_length=120, description="corners in order; must not cross itself")
    holes: list[list[Vec2]] = Field(default_factory=list, max_length=8)
    thickness: float = Field(0.02, ge=0, le=5)
    smooth: bool = Field(False, description="round the outline through its corners")
    cup: Degrees = Field(0.0, description="degrees its sides curl up, across y")
    ripple: float = Field(0.0, ge=0, le=0.5, description="height of waves on it")

    @field_validator("outline")
    @classmethod
    def _simple(cls, outline: list[Vec2]) -> list[Vec2]:
        if crossing := _first_crossing(outline):
            raise ValueError(f"`outline` crosses itself: its side {crossing[0]} meets its side {crossing[1]}")
        return outline


class Ring(Solid):
    """A torus around z."""

    shape: Literal["ring"] = "ring"
    radius: float = Field(0.5, gt=0, le=10, description="to the middle of the section")
    thickness: float = Field(0.1, gt=0, le=5, description="diameter of the section")
    flat: float = Field(1.0, ge=0.02, le=20, description="section height over width")
    segments: int = Field(32, ge=6, le=64)


SimplePart = Annotated[Lathe | Box | Ellipsoid | Tube | Sheet | Ring, Field(discriminator="shape")]


class Cluster(Shape):
    """Copies of some parts set on a shape: grapes, seeds, florets, spokes, legs, keyboards."""

    shape: Literal["cluster"] = "cluster"
    parts: list[SimplePart] = Field(min_length=1, max_length=6, description="what is copied")
    count: int = Field(ge=1, le=MAX_COPIES)
    on: Where = Field(
        description="sphere, dome, cone, cylinder: surface of that shape inside `size`; ring, disc: in xy; "
        "line: along x; grid: in xy; bunch: a hanging heap, wide at the top"
    )
    size: Vec3 = Field((1.0, 1.0, 1.0), description="full size of the shape the copies sit on")
    facing: Literal["out", "up", "random"] = Field(
        "out", description="out: z points outwards; up: z stays up and x points away from the axis"
    )
    size_jitter: Share = 0.1
    place_jitter: Share = Field(0.1, description="share of the distance to the next copy")
    copy_tilt: float = Field(0.0, ge=0, le=180, description="random tilt of each copy, degrees")


Part = Annotated[Lathe | Box | Ellipsoid | Tube | Sheet | Ring | Cluster, Field(discriminator="shape")]

Pose = Literal["standing", "walking", "sitting", "running", "arms up", "bending", "reaching"]
Sex = Literal["male", "female"]
Age = Literal["child", "adult", "old"]
# Pieces of a body that can have labels of their own, and their numbers.
PIECES: dict[str, tuple[int, ...]] = {"face": (1,), "hand": (2, 3), "hat": (4,), "vest": (5,), "mask": (6,)}
Hair = Literal["short", "long", "bun", "bald"]


class Body(Strict):
    """A person, which the family of people draws; no language model writes one."""

    shape: Literal["body"] = "body"
    sex: Sex = "male"
    age: Age = "adult"
    pose: Pose = "standing"
    hair: Hair = "short"
    hat: bool = Field(False, description="a hard hat")
    cap: bool = False
    vest: bool = Field(False, description="a safety vest")
    skirt: bool = False
    bag: bool = Field(False, description="a backpack")
    mask: bool = Field(False, description="a surgical mask")
    marked: list[str] = Field(default_factory=list, description="which of `PIECES` are told from the rest of it")


class Variation(Strict):
    """How objects of one kind differ, and how an appearance is out of shape."""

    stretch: tuple[Share, Share, Share] = Field((0.05, 0.05, 0.05), description="plus or minus share, per axis")
    taper: Share = Field(0.0, description="top wider and bottom narrower, or the other way, by up to this share")
    wobble: float = Field(0.0, ge=0, le=0.3, description="smooth bumps; share of the size")
    wobble_scale: float = Field(3.0, ge=0.2, le=40)
    bend: Degrees = Field(0.0, description="whole object bends by up to plus or minus this")
    twist: Degrees = 0.0
    dents: int = Field(0, ge=0, le=12)
    dent_depth: float = Field(0.1, ge=0, le=0.5)
    crush: Share = Field(0.0, description="pressed together along z like a trodden can")


MOST_OF_A_BODY = 7000  # vertices: body, clothes, shoes, hair and hat


PROFILE_STEPS = 3  # rows laid between two points of a smooth profile or path


SHEET_GRID = 7  # inner points a side of a bent sheet


def vertices_of(part: Any) -> int:
    """Upper estimate of the vertices a part becomes, from its numbers alone."""
    match part:
        case Lathe():
            return part.segments * (len(part.profile) - 1) * (PROFILE_STEPS if part.smooth else 1) + part.segments
        case Box():
            return 8 if part.bevel == 0 else 218
        case Ellipsoid():
            return 2562 if part.panels != "none" else 2 * part.detail * part.detail
        case Tube():
            rows = len(part.path) * (PROFILE_STEPS if part.smooth else 1) + (8 if part.round_ends else 0)
            return part.sides * (rows + 1)
        case Sheet():
            rim = (len(part.outline) * (PROFILE_STEPS if part.smooth else 1)) + sum(map(len, part.holes))
            inner = SHEET_GRID**2 if is_bent(part) else 0
            return 2 * (rim + inner) if part.thickness else rim + inner
        case Ring():
            return part.segments * 10
        case Body():
            return MOST_OF_A_BODY
        case Cluster():
            return part.count * sum(vertices_of(p) for p in part.parts)
    raise TypeError(f"not a part: {part!r}")


def is_bent(sheet: Sheet) -> bool:
    """Whether a sheet is curved and therefore needs points inside its outline."""
    return bool(sheet.bend or sheet.bend_range or sheet.cup or sheet.ripple)


class Appearance(Strict):
    """One way the thing looks in real life."""

    name: Name = Field(description="e.g. 'ripe', 'green', 'rusty'")
    states: list[Name] = Field(
        default_factory=list, max_length=24, description="other words for it, any language: raw, unripe, green, 未成熟"
    )
    weight: float = Field(1.0, gt=0, le=100, description="how often it is met")
    materials: dict[Name, Material] = Field(default_factory=dict, description="replace materials of the object")
    numbers: dict[Name, Any] = Field(default_factory=dict, description="numbers of the family that it changes")
    stretch: tuple[float, float, float] = Field((1.0, 1.0, 1.0), description="shape of this appearance, per axis")
    variation: Variation | None = None
    models: list[str] = Field(
        default_factory=list, description="3D models that draw it instead of parts; not for language models"
    )

    @property
    def damaged(self) -> bool:
        """Whether it has a flaw that must be seen to tell it from a sound one."""
        return self.numbers.get("flaw", "none") not in ("none", None)

    @field_validator("stretch")
    @classmethod
    def _positive(cls, stretch: tuple[float, float, float]) -> tuple[float, float, float]:
        if not all(0.1 <= s <= 10 for s in stretch):
            raise ValueError("each number of `stretch` must be between 0.1 and 10")
        return stretch
