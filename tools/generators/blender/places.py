"""The contexts of `tools/scenes/scene.py`: how each is looked at, how large a thing may count in it, what builds it."""

from collections.abc import Callable
from dataclasses import dataclass

from tools.generators.blender import hands, plants, rooms, views
from tools.generators.blender.stage import Stage


@dataclass(frozen=True)
class Surroundings:
    """One context."""

    build: Callable[[Stage], None]
    resting: bool  # things stand on a surface; else they hang or float
    fov: tuple[float, float]  # degrees; narrow where a wide one would make the near far larger than the far
    sizes_m: tuple[float, float]  # what a thing counts as, so that neither a cell nor a ship distorts the place
    indoor: bool
    pitch: tuple[float, float] | None = None  # degrees its own camera looks down; None: as the viewpoint says


PLACES: dict[str, Surroundings] = {
    "orchard": Surroundings(plants.build_orchard, False, (30, 48), (0.05, 0.35), False),
    "bush": Surroundings(plants.build_bush, False, (28, 44), (0.02, 0.3), False),
    "grass": Surroundings(plants.build_grass, True, (24, 36), (0.04, 0.6), False),
    "soil": Surroundings(plants.build_soil, True, (24, 36), (0.04, 0.6), False),
    "table": Surroundings(rooms.build_table, True, (22, 34), (0.04, 0.5), True),
    "shelf": Surroundings(rooms.build_shelf, True, (24, 36), (0.06, 0.5), True),
    "conveyor": Surroundings(rooms.build_conveyor, True, (22, 34), (0.05, 0.6), True),
    "floor": Surroundings(rooms.build_floor, True, (24, 36), (0.06, 1.2), True),
    "road": Surroundings(rooms.build_road, True, (26, 40), (0.15, 5.0), False),
    "sky": Surroundings(rooms.build_sky, False, (26, 45), (0.1, 20.0), False),
    "studio": Surroundings(rooms.build_studio, True, (20, 32), (0.05, 1.0), True),
    "hand": Surroundings(hands.build_hand, False, (28, 42), (0.03, 0.25), True),
    "workbench": Surroundings(rooms.build_workbench, True, (22, 34), (0.03, 0.5), True),
    "inspection": Surroundings(views.build_inspection, True, (14, 24), (0.02, 0.5), True),
    "dashcam": Surroundings(views.build_dashcam, True, (42, 58), (1.0, 6.0), False, (3.5, 7.0)),
    "aerial": Surroundings(views.build_aerial, True, (18, 30), (1.0, 20.0), False),
    "liquid": Surroundings(views.build_liquid, False, (24, 40), (0.03, 0.5), True),
    "surface": Surroundings(views.build_surface, True, (18, 34), (0.02, 1.0), False),
    "slide": Surroundings(rooms.build_slide, True, (14, 20), (0.02, 0.2), True, (87.0, 89.5)),
}
