"""A person as one mesh: a body drawn at random, in clothes, with hair, and with what it wears or carries."""

from dataclasses import replace

import numpy as np

from tools.generators.blender import parts as spec
from tools.generators.blender.parts import PIECES
from tools.generators.blender.people.figure import Figure, Floats, Layer, Posed
from tools.generators.blender.people.poses import FINGERS, turns_of
from tools.generators.blender.shapes import Mesh, join, part_mesh

# Weights of targets are of MakeHuman's: adults lie between "young" (25) and "old" (90), children between "child" (12)
# and "young".
ANCESTRIES = ("african", "asian", "caucasian")
SUITS: dict[str, tuple[str, ...]] = {
    "male": (
        "male_casualsuit02", "male_casualsuit03", "male_casualsuit04", "male_casualsuit05", "male_casualsuit06",
        "male_elegantsuit01",
    ),
    "female": (
        "male_casualsuit02", "male_casualsuit03", "male_casualsuit05", "female_casualsuit01", "female_casualsuit01",
        "female_casualsuit02", "female_sportsuit01",
    ),
}  # fmt: skip
WORK, SKIRT = "male_worksuit01", "female_elegantsuit01"
COATS = ("male_casualsuit05", "male_elegantsuit01")  # no vest goes over them
BARE_LEGS = ("female_casualsuit02", "female_elegantsuit01")
SHOES = ("shoes01", "shoes02", "shoes03")
HAIR: dict[str, tuple[str, ...]] = {
    "short": ("short01", "short02", "short03", "short04", "short04", "short02"),
    "long": ("long01", "bob01", "bob02", "long01"),
    "bun": ("ponytail01",),
    "bald": (),
}
BROWS = ("eyebrow001", "eyebrow006")
TRUNK = ("pelvis", "spine_01", "spine_02", "spine_03", "clavicle_l", "clavicle_r", "thigh_l", "thigh_r")
VEST_M = 0.036  # of a vest over the skin: clothes are under it
MASK_M = 0.008
BROW_M = 0.085  # of a hat's rim below the top of an adult's head, 0.23 m high


def body_mesh(part: spec.Body, rng: np.random.Generator) -> Mesh:
    """The mesh of a person, feet at z = 0, in metres."""
    figure = Figure(part.sex, build_of(part.sex, part.age, rng))
    posed = figure.posed(turns_of(figure, part.pose, rng))
    suit = _suit(part, rng)
    shoes = str(rng.choice(SHOES))
    feet = figure.layer(shoes)
    layers = [
        figure.layer("body", (suit, shoes)), figure.layer("eye l"), figure.layer("eye r"),
        figure.layer(str(rng.choice(BROWS))), figure.layer(suit),
        feet if suit in BARE_LEGS else feet.taken(np.array([p != "socks" for p in feet.paints])),
    ]  # fmt: skip
    head = _Head(figure)
    hair = HAIR[part.hair]
    if hair:
        layers.append(head.under_hat(figure.layer(str(rng.choice(hair))), part.hat or part.cap))
    if part.vest:
        layers.append(_vest(figure))
    if part.mask:
        layers.append(head.mask())
    if "face" in part.marked:
        layers[:4] = [head.marked(layer) for layer in layers[:4]]
    if "hand" in part.marked:
        layers[0] = _marked_hands(figure, layers[0])
    meshes = [_mesh(layer, posed) for layer in layers if layer.faces]
    if part.hat or part.cap:
        meshes += head.hat(posed, hard=part.hat, rng=rng)
    for mesh in meshes:
        mesh.materials = [f"{m}@{PIECES[m][0]}" if m in part.marked else m for m in mesh.materials]
    if part.bag:
        meshes.append(_bag(figure, posed, rng))
    whole = join(meshes)
    whole.vertices[:, 2] -= whole.vertices[:, 2].min()
    return whole


def build_of(sex: spec.Sex, age: spec.Age, rng: np.random.Generator) -> dict[str, float]:
    """How much of each target: some ancestry, age, weight and muscles, all mixed."""
    grown = {
        "child": {"child": rng.uniform(0.45, 1.0)},
        "adult": {"old": max(rng.uniform(-0.6, 0.8), 0.0)},
        "old": {"old": rng.uniform(0.75, 1.0)},
    }[age]
    (other, share), *_ = grown.items()
    ages = {other: share, "young": 1 - share}
    heavy = float(np.clip(rng.normal(0.12, 0.35), -0.8, 0.85))
    muscle = rng.uniform(0, 0.6) if sex == "male" else rng.uniform(0, 0.3)
    builds = {
        "averagemuscle-maxweight": max(heavy, 0.0),
        "averagemuscle-minweight": max(-heavy, 0.0),
        "maxmuscle-averageweight": (1 - abs(heavy)) * muscle,
        "averagemuscle-averageweight": (1 - abs(heavy)) * (1 - muscle),
    }
    amounts = {}
    ancestry = rng.dirichlet((0.4,) * len(ANCESTRIES))
    for name, much in ages.items():
        for people, some in zip(ANCESTRIES, ancestry.tolist(), strict=True):
            amounts[f"{people}-{sex}-{name}"] = much * some
        for build, some in builds.items():
            amounts[f"universal-{sex}-{name}-{build}"] = much * some
    return amounts


def _suit(part: spec.Body, rng: np.random.Generator) -> str:
    if part.skirt and part.sex == "female":
        return SKIRT
    if rng.uniform() < (0.4 if part.hat else 0.05):
        return WORK
    return str(rng.choice([s for s in SUITS[part.sex] if not (part.vest and s in COATS)]))


def _mesh(layer: Layer, posed: Posed) -> Mesh:
    """A layer in a pose; its patterns stay where they are at rest."""
    mesh = Mesh(layer.vertices, layer.faces, layer.paints, np.zeros(len(layer.vertices))).settle()
    mesh.vertices = posed.vertices(layer)
    return mesh


def _vest(figure: Figure) -> Layer:
    """A vest around the trunk, down to the hips; of the body's own shape, so that no pocket shows through it."""
    body = figure.layer("body")
    trunk = np.isin(np.array(figure.bones)[body.bones], TRUNK)
    hips = figure.begins[figure.bones.index("pelvis"), 2]
    around = np.minimum((body.weights * trunk).sum(1) - 0.55, body.vertices[:, 2] - hips + 0.02)
    vest = body.clipped(around).grown(VEST_M)
    return replace(vest, paints=["vest"] * len(vest.faces))


def _marked_hands(figure: Figure, body: Layer) -> Layer:
    """The body with each hand as a piece."""
    names = np.array(figure.bones)[body.bones]
    paints = list(body.paints)
    for number, side in zip(PIECES["hand"], "lr", strict=True):
        hand = np.array([n == f"hand_{side}" or (n.endswith(f"_{side}") and n.startswith(FINGERS)) for n in names.flat])
        share = (body.weights * hand.reshape(names.shape)).sum(1)
        for face, corners in enumerate(body.faces):
            if share[list(corners)].min() > 0.5:
                paints[face] = f"{paints[face]}@{number}"
    return replace(body, paints=paints)


def _bag(figure: Figure, posed: Posed, rng: np.random.Generator) -> Mesh:
    """A backpack."""
    spine, hips = (figure.begins[figure.bones.index(b)] for b in ("neck_01", "pelvis"))
    long = float(spine[2] - hips[2])
    size = (0.3 * long * rng.uniform(0.7, 1.1), 0.52 * long, 0.78 * long * rng.uniform(0.85, 1.1))
    back = spec.Box(
        material="bag", at=(spine[0] - 0.13 - size[0] / 2, 0, spine[2] - 0.1 - size[2] / 2), size=size, bevel=0.45
    )
    mesh = part_mesh(back, rng)
    mesh.vertices = posed.carried(mesh.vertices, "spine_03")
    return mesh


class _Head:
    """Where the head of a figure is, for what sits on it."""

    def __init__(self, figure: Figure) -> None:
        body = figure.layer("body")
        bone = figure.bones.index("head")
        share = (body.weights * (body.bones == bone)).sum(1)
        points = body.vertices[share > 0.5]
        self._body, self._share = body, share
        lips = [i for f, p in zip(body.faces, body.paints, strict=True) if p == "mouth" for i in f]
        self.mouth = body.vertices[lips].mean(0)
        self.top = float(points[:, 2].max())
        self.high = self.top - float(figure.begins[bone, 2])
        self.rim = self.top - BROW_M * self.high / 0.155  # where the head bone begins lies so far below an adult's top
        ring = points[np.abs(points[:, 2] - self.rim) < 0.2 * self.high]
        low, high = ring.min(0), ring.max(0)
        self.middle = (low + high) / 2
        self.radii = (high - low)[:2] / 2

    def under_hat(self, hair: Layer, covered: bool) -> Layer:
        """Hair, without what a hat would press down."""
        if not covered:
            return hair
        return hair.clipped(self.rim + 0.01 - hair.vertices[:, 2])

    def _before(self, points: Floats, top: float, low: float) -> Floats:
        """Above 0 for points on the front of the head, between two heights; the ears are behind."""
        front = points[:, 0] - self.middle[0] + 0.05 * self.radii[0]
        out: Floats = np.minimum(front, np.minimum(top - points[:, 2], points[:, 2] - low))
        return out

    def marked(self, layer: Layer) -> Layer:
        """A layer with what of it is the face, from the chin to the hair, as a piece."""
        (number,) = PIECES["face"]
        chin = float(self.mouth[2]) - 0.3 * self.high
        inside = self._before(layer.vertices, self.rim + 0.2 * self.high, chin)
        on = [bool(inside[list(f)].mean() > 0) for f in layer.faces]
        return replace(layer, paints=[f"{p}@{number}" if o else p for p, o in zip(layer.paints, on, strict=True)])

    def mask(self) -> Layer:
        """A surgical mask, from the bridge of the nose to below the chin."""
        low, high = float(self.mouth[2]) - 0.33 * self.high, float(self.mouth[2]) + 0.26 * self.high
        around = np.minimum(self._before(self._body.vertices, high, low), self._share - 0.5)
        cloth = self._body.clipped(around).grown(MASK_M)
        return replace(cloth, paints=["mask"] * len(cloth.faces))

    def hat(self, posed: Posed, hard: bool, rng: np.random.Generator) -> list[Mesh]:
        """A hard hat, or else a cap; sometimes a little askew."""
        x, y = 1.16 * self.radii if hard else 1.06 * self.radii
        up = (self.top - self.rim) * (1.18 if hard else 1.1)
        at = (float(self.middle[0]), 0.0, self.rim)
        name = "hat" if hard else "cap"
        dome = [(1.0, -0.02), (1.0, 0.25), (0.9, 0.62), (0.62, 0.88), (0.3, 0.98), (0.0, 1.0)]
        wide = rng.uniform(1.1, 1.25)
        made: list[spec.SimplePart] = [spec.Lathe(material=name, profile=dome, at=at, scale=(x, y, up), segments=24)]
        if hard:
            brim = [(0.9, -0.02), (wide, -0.1), (wide, -0.04), (0.95, 0.06)]
            made.append(
                spec.Lathe(material=name, profile=brim, at=at, scale=(1.03 * x, y, up), smooth=False, segments=24)
            )
            for side in (-0.22, 0.0, 0.22) if rng.uniform() < 0.5 else (0.0,):
                arc = np.radians(np.linspace(25, 155, 9))
                over = [(x * float(np.cos(a)), 0.0, up * 1.01 * float(np.sin(a))) for a in arc]
                low = (1 - side**2) ** 0.5
                made.append(
                    spec.Tube(
                        material=name, path=over, radius=[0.006], sides=6, round_ends=True,
                        at=(at[0], side * y, at[2]), scale=(low, 1, low),
                    )
                )  # fmt: skip
        reach = rng.uniform(0.35, 0.5) if hard else rng.uniform(0.7, 0.95)
        back = not hard and rng.uniform() < 0.12  # worn the wrong way round
        peak = spec.Ellipsoid(
            material=name, size=(2 * (0.55 + reach) * x, 1.75 * y, 0.012), detail=10, turn=(0, 8, 0),
            at=(at[0] + 0.5 * x, 0, at[2] - 0.004),
        )  # fmt: skip
        made.append(peak)
        mesh = join([part_mesh(p, rng) for p in made])
        middle = np.array([*self.middle[:2], self.rim])
        lean = np.radians(rng.uniform(-8, 8))
        turn = np.array([[np.cos(lean), 0, np.sin(lean)], [0, 1, 0], [-np.sin(lean), 0, np.cos(lean)]])
        points: Floats = (mesh.vertices - middle) * ((-1, -1, 1) if back else (1, 1, 1))
        mesh.vertices = posed.carried(points @ turn.T + middle, "head")
        return [mesh]
