"""One SceneSpec to one image with exact instances: build the set, render it twice, develop. Inside the worker."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tools.core.errors import StepFailed
from tools.data.sample import Instance
from tools.generators.blender import lights, passes, paving
from tools.generators.blender.build import PIECE, build_object
from tools.generators.blender.camera import FOCUS, Array, choose_camera
from tools.generators.blender.develop import Film, develop, write_jpeg
from tools.generators.blender.flaws import FAMILY as FLAW
from tools.generators.blender.labels import PIECE_STEP, Labelled, find_instances, outline_of
from tools.generators.blender.layout import (
    Shape,
    depths,
    hang,
    lie_along,
    pose,
    projected_box,
    settle,
    silhouette,
    spread,
)
from tools.generators.blender.library import Library
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.people.classes import (
    PERSON,
    VEHICLE,
    People,
    class_of,
    is_piece,
    plated,
    wearing,
    without,
)
from tools.generators.blender.places import PLACES, Surroundings
from tools.generators.blender.rows import Rows, lay_in_rows
from tools.generators.blender.stage import Stage
from tools.scenes.scene import DISTANCES, Role, SceneObject, SceneSpec
from tools.scenes.vocabulary import SURFACE

SHELF_STEP = 0.06  # things whose bottoms differ by less of the image's height share a board
PEOPLE_FACING, WORN_FACING = 0.5, 0.8  # of people in photos, and of those whose face or hat is what is sought
SIGN = "outline"  # the family of signs on posts
PLATES_FACING = 0.4  # of cars whose plates are sought; of the others about a third shows the one behind
SIGNS_FACING, SIGN_FRONT = 0.9, math.pi / 2  # from behind a sign says nothing
WHOLE = 0  # all of a thing, where pieces of it have numbers
ALIGNED = 0.5  # of the images of flaws: people hold the camera along a long one, or across it


@dataclass(frozen=True)
class ShootOptions:
    """What is the same for all images of a run."""

    size_px: int
    samples: int
    threads: int
    min_instance_px: int
    avoid: frozenset[str]
    grounds: tuple[str, ...] = ()
    laid: tuple[str, ...] = ()  # what lies in rows, and only damaged ones of it are sought
    people: People = ()  # classes that the same people bear


@dataclass(frozen=True)
class Shot:
    """A finished image."""

    instances: list[Instance]
    lookalikes: list[Instance]
    notes: list[str]
    models: list[str]  # ids of the libraries' models that were asked for and placed
    stages_ms: dict[str, float]


@dataclass
class Actor:
    """Something the scene asks for, as built."""

    wanted: SceneObject
    thing: Any  # Blender object
    shape: Shape
    rests: Sequence[str]
    size_m: float
    labels: dict[int, tuple[Role, str]]  # of each piece that has one, or of the `WHOLE`: its role and class
    facing: float = 0.0  # share of its kind that faces the camera
    pieces: Array | None = None  # (triangles,) which piece each belongs to, where only pieces have labels
    front: float = 0.0  # radians from x to where its front is


class Clock:
    """Milliseconds of each stage."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the time since the last lap."""
        now = time.perf_counter()
        self.stages[name] = round(1000 * (now - self._last), 1)
        self._last = now


def shoot(spec: SceneSpec, library: Library, options: ShootOptions, image: Path) -> Shot:
    """Render a scene into `image` (a .jpg).

    Raises:
        StepFailed: the context is unknown, or an asset cannot be read.
        KeyError: an appearance that the object does not have.
    """
    place = PLACES.get(spec.context)
    if place is None:
        raise StepFailed(f"the renderer knows no place {spec.context!r}; there are {', '.join(PLACES)}")
    clock = Clock()
    passes.clear()
    stage = Stage(spec, options.size_px, options.avoid, options.grounds)
    stage.indoor = place.indoor
    stage.paved = paving.chosen(stage, options.laid)
    actors = [_cast(stage, library, wanted, options.people) for wanted in spec.objects]
    clock.lap("objects")
    kind = library.spec(stage.paved) if stage.paved else None
    actors, rows = _place(stage, place, actors, kind)
    clock.lap("layout")
    place.build(stage)
    if kind is not None and rows is not None:
        sound = paving.sound(kind, paving.make_of(stage, kind))
        paving.fill(stage, rows, [build_object(sound, None, stage.noise, library, spec.seed) for _ in range(3)])
    light = lights.choose_light(stage)
    lights.shine(stage, light)
    lights.focus_camera(stage)
    if stage.wet:
        _soak([a.thing for a in actors])
    clock.lap("place")
    linear = passes.render_image(spec.seed, options.samples, image.with_suffix(".light.exr"))
    clock.lap("picture")
    numbers, distance = passes.render_numbers(image.with_suffix(".numbers.exr"))
    clock.lap("numbers")
    placed = _placed(stage, actors)
    targets, lookalikes = placed["target"], placed["lookalike"]
    subject = np.isin(numbers, [t.number for t in targets])
    film = _film(stage, light)
    noise = np.random.default_rng([spec.seed, 1])  # its own stream: what is built never changes how it is developed
    write_jpeg(image, develop(linear, distance, subject, film, noise), noise)
    clock.lap("develop")
    least = options.min_instance_px
    return Shot(
        find_instances(numbers, targets, least, distance), find_instances(numbers, lookalikes, least, distance),
        stage.notes,
        sorted({a.thing["model"] for a in actors if "model" in a.thing}), clock.stages,
    )  # fmt: skip


def _cast(stage: Stage, library: Library, wanted: SceneObject, people: People) -> Actor:
    """Build one thing, alone at the origin."""
    spec = library.spec(wanted.drawn_as)
    people = [one for one in people if library.spec(one[1]).family == spec.family]
    worn, whole, shared = is_piece(spec), None, bool(people)
    if spec.family == PERSON:
        spec = without(spec, stage.avoids)
    if shared and spec.family == VEHICLE:
        spec, whole = plated(spec, wanted.drawn_as, people, library.spec)
    elif shared:
        spec, whole = wearing(spec, wanted.drawn_as, people, library.spec, stage.rng)
    appearance = wanted.appearance
    if stage.spec.context == SURFACE and spec.family == FLAW:
        # The place is its ground, and one for all; what is sought decides which.
        spec = spec.model_copy(update={"numbers": spec.numbers | {"ground": 0}})
        first = stage.spec.objects[0]
        same = wanted.role == "lookalike" or wanted.class_name == first.class_name or wanted.drawn_as != first.drawn_as
        if same and any(look.name == first.appearance for look in spec.appearances):
            appearance = first.appearance
        if (paint := spec.appearance(appearance).materials.get("ground")) and not stage.ground:
            stage.ground = paint.colours
    if wanted.drawn_as == stage.paved:
        spec = paving.bedded(spec, paving.make_of(stage, spec))
    noise = np.random.default_rng([stage.spec.seed, 2, stage.noise.integers(1 << 31)])
    thing = build_object(spec, appearance, noise, library, stage.spec.seed, wanted.box[2])
    for one in (thing, *thing.children):
        bpy.context.scene.collection.objects.link(one)
    mesh = thing.data
    vertices = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", vertices)
    mesh.calc_loop_triangles()
    triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    shape = Shape(vertices.reshape(-1, 3).astype(np.float64), triangles.reshape(-1, 3).astype(np.int64))
    person = spec.family == PERSON
    shape.portrait = person and wanted.box[2] >= DISTANCES["close" if worn else "very close"][0]
    facing = (WORN_FACING if worn else PEOPLE_FACING) if person else 0.0
    front = 0.0
    if spec.family == VEHICLE and (worn or shared):
        facing = PLATES_FACING
    elif worn and spec.family == SIGN:
        facing, front = SIGNS_FACING, SIGN_FRONT
    pieces = _pieces(mesh)
    numbers = sorted({int(p) for p in pieces} - {WHOLE}) if pieces is not None else [WHOLE]
    labels: dict[int, tuple[Role, str]] = dict.fromkeys(numbers, (wanted.role, wanted.class_name or wanted.drawn_as))
    if shared:
        labels = {n: ("target", name) for n in numbers if (name := class_of(n, people, library.spec))}
        if whole is not None:
            labels[WHOLE] = ("target", whole)
        elif wanted.role == "lookalike":
            labels[WHOLE] = (wanted.role, wanted.drawn_as)
    return Actor(wanted, thing, shape, spec.rests, spec.size_m, labels, facing, pieces, front)


def _pieces(mesh: Any) -> Array | None:
    """Of every triangle the piece it belongs to; None where the whole thing is labelled."""
    if PIECE not in mesh.attributes:
        return None
    of_face = np.empty(len(mesh.polygons), np.float32)
    mesh.attributes[PIECE].data.foreach_get("value", of_face)
    face = np.empty(len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("polygon_index", face)
    return of_face[face].astype(np.float64)


def _place(
    stage: Stage, place: Surroundings, actors: list[Actor], kind: ObjectSpec | None
) -> tuple[list[Actor], Rows | None]:
    """Choose the camera, put everything where it is wanted, measure the metre.

    Args:
        stage: the set.
        place: its kind.
        actors: what is to be seen.
        kind: what the ground is laid with, if it is.

    Returns:
        What found room, and the rows that the ground is laid in, if it is.
    """
    rng, spec = stage.rng, stage.spec
    boxes = [a.wanted.box for a in actors]
    resting = place.resting and not (spec.context == "studio" and spec.viewpoint == "from below")
    bottoms = [cy + h / 2 for _, cy, _, h in boxes]
    fov = place.fov
    shelved = spec.context == "shelf" and spec.viewpoint in ("eye level", "from below")
    stage.camera = choose_camera(
        rng, spec.viewpoint, [] if shelved else bottoms, resting=resting and not shelved, fov=fov, pitch=place.pitch
    )
    for actor in actors:
        extent = np.ptp(actor.shape.vertices, axis=0)
        actor.shape.rotation = pose(
            rng, actor.rests, extent.tolist(), resting=resting, facing=actor.facing, front=actor.front
        )
    shapes = [a.shape for a in actors]
    laid = [i for i, a in enumerate(actors) if a.wanted.drawn_as == stage.paved]
    rows = None
    if kind is not None:
        rows = lay_in_rows(
            rng, float(kind.numbers.get("deep", 1.0)), [shapes[i] for i in laid], stage.camera, [boxes[i] for i in laid]
        )
    if spec.context == SURFACE and rng.random() < ALIGNED:
        lie_along(rng, shapes)
    if shelved:
        _shelve(stage, shapes, boxes)
    elif resting:
        out = settle(shapes, stage.camera, boxes, [0.0] * len(shapes), laid)
        for i in out:
            stage.notes.append(f"no room for {actors[i].wanted.drawn_as} at {boxes[i][0]:.2f}, {boxes[i][1]:.2f}")
            for one in (*actors[i].thing.children, actors[i].thing):
                bpy.data.objects.remove(one)
        actors = [a for i, a in enumerate(actors) if i not in out]
        shapes = [a.shape for a in actors]
    else:
        found = depths(boxes, [a.wanted.depth for a in actors], [rng.uniform(-1, 1) for _ in actors])
        for shape, box, depth in zip(shapes, boxes, found, strict=True):
            hang(shape, stage.camera, box, depth)
        spread(shapes, stage.camera, boxes, found)
    stage.shapes = shapes
    for number, actor in enumerate(actors, start=1):
        actor.thing.matrix_world = actor.shape.matrix.T.tolist()
        for one in (actor.thing, *actor.thing.children):
            one.pass_index = number
    _measure(stage, place, actors)
    return actors, rows


def _measure(stage: Stage, place: Surroundings, actors: list[Actor]) -> None:
    """How large a metre is drawn, from what was asked for; and the account of what may be hidden."""
    low, high = place.sizes_m
    if actors:
        scales = sorted(a.shape.scale for a in actors)
        sizes = sorted(min(max(a.size_m, low), high) for a in actors)
        stage.subject = scales[len(scales) // 2]
        stage.metre = stage.subject / sizes[len(sizes) // 2]
    else:
        # Nothing is asked for: as if something ordinary of the place were.
        stage.subject = stage.rng.uniform(0.08, 0.3) * stage.camera.width
        stage.metre = stage.subject / (low * high) ** 0.5
    for actor in actors:
        world = actor.shape.world
        # Between its front and its middle most of a round thing hides what is there, not the other way round.
        depth = float(stage.camera.project(actor.shape.position[None])[1][0]) - 0.5 * actor.shape.radius
        whole = silhouette(stage.camera, world, actor.shape.triangles, stage.size_px)
        stage.cover.watch(whole, depth, actor.wanted.occlusion)


def _shelve(stage: Stage, shapes: list[Shape], boxes: list[tuple[float, float, float, float]]) -> None:
    """Stand things on boards seen from the front: those of about one height share a board."""
    camera = stage.camera
    order = sorted(range(len(shapes)), key=lambda i: -(boxes[i][1] + boxes[i][3] / 2))
    level: tuple[float, float] | None = None  # bottom in the image, height in the scene
    for i in order:
        hang(shapes[i], camera, boxes[i], FOCUS * (1 + 0.01 * stage.rng.random()))
        _, cy, _, h = projected_box(shapes[i], camera)
        bottom, z = cy + h / 2, float(shapes[i].world[:, 2].min())
        if level is not None and abs(bottom - level[0]) < SHELF_STEP:
            shapes[i].position = shapes[i].position + np.array([0, 0, level[1] - z])
        else:
            level = (bottom, z)


def _placed(stage: Stage, actors: list[Actor]) -> dict[Role, list[Labelled]]:
    """Everything that the scene asks for, by its role."""
    found: dict[Role, list[Labelled]] = {"target": [], "lookalike": []}
    for number, actor in enumerate(actors, start=1):
        world = actor.shape.world
        points, _ = stage.camera.project(world)
        distance = float(np.linalg.norm(actor.shape.position - stage.camera.position))
        for piece, (role, name) in actor.labels.items():
            if piece == WHOLE:
                whole = stage.cover.whole[number - 1]
                found[role].append(Labelled(number, name, points, whole, distance, outline_of(whole)))
                continue
            triangles = actor.shape.triangles[actor.pieces == piece]
            whole = silhouette(stage.camera, world, triangles, stage.size_px)
            seen = points[np.unique(triangles)]
            found[role].append(Labelled(number + piece * PIECE_STEP, name, seen, whole, distance))
    return found


def _film(stage: Stage, light: lights.Light) -> Film:
    haze = 0.0
    if stage.spec.weather == "haze":
        haze = stage.rng.uniform(0.1, 0.2) if stage.indoor else stage.rng.uniform(0.18, 0.55)
    top = max(light.horizon)
    red, green, blue = (0.55 * c / top + 0.45 for c in light.horizon)
    exposure = light.exposure + (0.9 if haze else 0.0)
    return Film(
        exposure, light.cast, haze, (red, green, blue), backlit=light.backlit, around=stage.spec.context == SURFACE
    )


def _soak(things: Sequence[Any]) -> None:
    """Rain on what was asked for: a wet film over whatever its material is."""
    for material in {s.material for t in things for s in t.material_slots if s.material and s.material.node_tree}:
        for node in material.node_tree.nodes:
            if node.type == "BSDF_PRINCIPLED":
                for socket, value in (("Coat Weight", 0.8), ("Coat Roughness", 0.06)):
                    if not node.inputs[socket].is_linked:
                        node.inputs[socket].default_value = value
