"""Places people made: tables, shelves, belts, floors, roads, studios, slides. Runs inside the worker."""

import math
from typing import Any

import numpy as np

from tools.generators.blender import surfaces
from tools.generators.blender.camera import FOCUS
from tools.generators.blender.foliage import Geometry, blob, box, joined, tube
from tools.generators.blender.layout import rotation
from tools.generators.blender.plants import far_country
from tools.generators.blender.props import LEAST_HIDDEN, PROPS, available, hide_with_props, prop_size, strew
from tools.generators.blender.stage import Stage, matrix_of
from tools.generators.blender.surfaces import Colour, vary


def _clutter_count(stage: Stage, most: int) -> int:
    return round(stage.spec.clutter * stage.rng.uniform(0.4, 1.0) * most)


def _view(stage: Stage, level: float = 0.0) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ground the camera sees, roughly: x and y ranges, not to the horizon."""
    corners = np.array([stage.camera.on_plane(u, v, level) for u in (0, 1) for v in (0.3, 1)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def floor_paint(stage: Stage) -> Any:
    """Boards, tiles, carpet or concrete."""
    rng, metre, wet = stage.rng, stage.metre, stage.wet
    kinds: list[Any] = [surfaces.wood, surfaces.wood, surfaces.tiles, surfaces.carpet, surfaces.concrete]
    paint = rng.choice(kinds)
    return paint(rng, metre, wet)


def _wall_paint(stage: Stage) -> Any:
    rng = stage.rng
    kind = rng.random()
    if kind < 0.2:
        return surfaces.tiles(rng, stage.metre, 0.0, wall=True)
    colours: list[Colour] = [
        (0.75, 0.73, 0.68),
        (0.6, 0.62, 0.6),
        (0.3, 0.38, 0.42),
        (0.55, 0.4, 0.3),
        (0.45, 0.5, 0.38),
        (0.2, 0.22, 0.26),
    ]
    return surfaces.concrete(rng, stage.metre, 0.0, vary(rng, rng.choice(colours)), worn=rng.choice([0.15, 0.3, 0.8]))


def back_wall(stage: Stage, y: float, level: float, *, open_share: float = 0.35) -> None:
    """What is behind a surface: a wall with a window, images, furniture out of focus; or the open."""
    rng, camera = stage.rng, stage.camera
    from_behind = stage.spec.light == "backlight"
    if (rng.random() < open_share and stage.spec.light not in ("indoor lamp", "studio light")) or from_behind:
        far_country(stage, level - 3.0)
        return
    tall, wide = 14.0, 0.9 * (y + FOCUS) + 6
    stage.wall("wall", _wall_paint(stage), (-wide, wide), y, (level - 4, level + tall))
    scale = camera.width * (y + FOCUS) / FOCUS
    for _ in range(rng.randint(0, 5)):
        x, side = rng.uniform(-0.6, 0.6) * scale, rng.uniform(0.08, 0.35) * scale
        part = box((side, rng.uniform(0.2, 0.6) * side, side * rng.uniform(0.5, 2.2)))
        where = np.array([x, y - 0.4 * side, level - rng.uniform(0.0, 1.0) * side])
        if stage.allows(part.vertices + where):
            stage.block("furniture", part, stage.paint(), where, rng.gauss(0, 0.1))
    if rng.random() < 0.35:
        x, side = rng.uniform(-0.5, 0.5) * scale, rng.uniform(0.2, 0.5) * scale
        glow = surfaces.glowing(
            "window", (0.85, 0.93, 1.0), 0.5 if stage.spec.light in ("deep shade", "indoor lamp") else 3.0
        )
        low = level + rng.uniform(0.05, 0.3) * scale
        stage.wall("window", glow, (x - side / 2, x + side / 2), y - 0.02, (low, low + side * 1.2))


def build_table(stage: Stage) -> None:
    """A table top: wood, stone, cloth or paint; things of a meal or a desk on it; a room behind."""
    rng = stage.rng
    top = rng.choice([surfaces.wood, surfaces.wood, surfaces.marble, surfaces.cloth, _lacquer])(
        rng, stage.metre, stage.wet
    )
    _, back, _ = _slab(stage, "table", top, rng.uniform(0.5, 2.5))
    if rng.random() < 0.2:
        low, high = stage.bounds()
        mat = surfaces.cloth(rng, stage.metre, 0.0)
        w, d = rng.uniform(0.3, 1.2) * stage.subject, rng.uniform(0.3, 1.0) * stage.subject
        stage.plane("mat", mat, (low[0] - w, high[0] + w), (low[1] - d, min(high[1] + d, back - 0.05)), 0.004)
    back_wall(stage, back + rng.uniform(1, 9), -0.1)


def _lacquer(rng: Any, metre: float, wet: float) -> Any:
    colours: list[Colour] = [
        (0.7, 0.69, 0.66),
        (0.05, 0.05, 0.055),
        (0.5, 0.5, 0.48),
        (0.2, 0.3, 0.4),
        (0.5, 0.2, 0.15),
    ]
    return surfaces.plain("lacquer", vary(rng, rng.choice(colours)), rng.uniform(0.15, 0.6), wet=wet)


def _slab(stage: Stage, name: str, paint: Any, margin: float) -> tuple[float, float, float]:
    """A board under everything, ending somewhere behind it; returns its front, back and half width."""
    low, high = stage.bounds()
    (_, (front, _)) = _view(stage)
    wide = max(abs(low[0]), abs(high[0]), 1.2 * stage.camera.width) * stage.rng.uniform(1.1, 1.8) + 1
    back = float(high[1]) + margin * max(stage.subject, 0.5) + 0.4
    front = min(front, float(low[1])) - 3
    thick = float(np.clip(0.03 * stage.metre, 0.08, 0.5))
    part = box((2 * wide, back - front, thick))
    stage.block(name, part, paint, np.array([0, (front + back) / 2, -thick]))
    stage.plane("floor", floor_paint(stage), (-200, 200), (-60, 300), -max(0.75 * stage.metre, 4.0))
    y = (max(front, -6.0), back)
    strew(stage, _clutter_count(stage, 9), (-wide, wide), y)
    hide_with_props(stage)
    return front, back, wide


def build_workbench(stage: Stage) -> None:
    """A bench of a workshop: worn wood, steel or a cutting mat, small parts and tools around."""
    rng = stage.rng
    kind = rng.random()
    if kind < 0.5:
        paint = surfaces.wood(rng, stage.metre, stage.wet, worn=rng.uniform(0.5, 1.0))
    elif kind < 0.75:
        paint = surfaces.metal(rng, stage.metre, stage.wet)
    else:
        paint = _cutting_mat(stage)
    _, back, _ = _slab(stage, "bench", paint, rng.uniform(0.4, 1.5))
    y = back + rng.uniform(0.3, 1.2)
    if stage.spec.light != "backlight":
        wide = 1.5 * stage.camera.width + 4
        board = surfaces.concrete(
            rng, stage.metre, 0.0, vary(rng, rng.choice([(0.3, 0.2, 0.11), (0.35, 0.37, 0.38), (0.15, 0.2, 0.25)]))
        )
        stage.wall("board", board, (-wide, wide), y, (-3, 12))
        for _ in range(rng.randint(2, 9)):
            part = box((rng.uniform(0.1, 0.3), 0.1, rng.uniform(0.5, 2.0)))
            where = np.array([rng.uniform(-wide, wide) * 0.7, y - 0.1, rng.uniform(0.3, 4)])
            if stage.allows(part.vertices + where):
                stage.block("tool", part, stage.paint(), where)
    else:
        far_country(stage, -3.0)


def _cutting_mat(stage: Stage) -> Any:
    rng = stage.rng
    base = vary(rng, rng.choice([(0.03, 0.2, 0.12), (0.08, 0.1, 0.12), (0.05, 0.12, 0.3)]))
    surface = surfaces.Surface("mat", roughness=0.6, wet=stage.wet)
    where = surface.place(1 / stage.metre)
    lines: Any = 0.0
    for axis in (0, 1):
        cell = surface.math("FRACT", surface.math("MULTIPLY", surface.split(where)[axis], 50))
        lines = surface.math("MAXIMUM", lines, surface.math("LESS_THAN", cell, 0.05))
    surface.colour(surface.blend(surface.math("MULTIPLY", lines, 0.5), base, (0.6, 0.65, 0.5)))
    return surface.material


def build_floor(stage: Stage) -> None:
    """Floor of a home or hall, with what lies about and a wall far behind."""
    rng = stage.rng
    stage.plane("floor", floor_paint(stage), (-200, 200), (-60, 300))
    low, high = stage.bounds()
    if rng.random() < 0.3:
        w = rng.uniform(0.5, 2.0)
        stage.plane(
            "rug", surfaces.carpet(rng, stage.metre, 0.0), (low[0] - w, high[0] + w), (low[1] - w, high[1] + w), 0.01
        )
    view = _view(stage)
    strew(stage, _clutter_count(stage, 9), (view[0][0] * 1.3, view[0][1] * 1.3), (view[1][0], view[1][1] + 6))
    hide_with_props(stage)
    if stage.camera.pitch < math.radians(40):
        y = float(high[1]) + rng.uniform(2, 12)
        back_wall(stage, y, 0.0, open_share=0.1)
        if rng.random() < 0.6:
            skirting = surfaces.plain("skirting", vary(rng, (0.7, 0.68, 0.63)), 0.4)
            stage.wall("skirting", skirting, (-60, 60), y - 0.03, (0, float(np.clip(0.1 * stage.metre, 0.2, 1.2))))


def build_conveyor(stage: Stage) -> None:
    """A belt between rails over rollers, in a hall."""
    rng, metre = stage.rng, stage.metre
    low, high = stage.bounds()
    away = rng.random() < 0.35  # the belt runs from the camera; else across the image
    stage.plane("hall", surfaces.concrete(rng, metre, stage.wet), (-200, 200), (-60, 300), -6.0)
    paint, steel = surfaces.belt(rng, metre, stage.wet), surfaces.metal(rng, metre, stage.wet)
    margin = rng.uniform(0.25, 1.3) * max(stage.subject, 0.7)
    if away:
        half = max(abs(low[0]), abs(high[0])) + margin
        x, y = (-half, half), (-40.0, 60.0)
    else:
        x, y = (-40.0, 40.0), (float(low[1]) - margin, float(high[1]) + margin)
    stage.plane("belt", paint, x, y)
    rail = float(np.clip(0.05 * metre, 0.18, 0.7))
    side = surfaces.plain(
        "side", vary(rng, rng.choice([(0.6, 0.6, 0.6), (0.75, 0.45, 0.03), (0.05, 0.15, 0.4), (0.2, 0.22, 0.24)])), 0.4
    )
    paint_of = rng.choice([steel, side])
    for end in (0, 1):
        length = 100 if away else 80
        part = box((rail, length, 2 * rail) if away else (length, rail, 2 * rail))
        where = np.array(
            [x[end] + (2 * end - 1) * rail / 2, 10.0, -1.5 * rail]
            if away
            else [0.0, y[end] + (2 * end - 1) * rail / 2, -1.5 * rail]
        )
        stage.block("rail", part, paint_of, where)
    strew(stage, _clutter_count(stage, 5), (max(x[0], -9), min(x[1], 9)), (max(y[0], -6), min(y[1], 12)))
    hide_with_props(stage)
    if stage.camera.pitch < math.radians(40):
        _hall(stage, max(y[1], float(high[1])) + rng.uniform(1.5, 9))


def _hall(stage: Stage, y: float) -> None:
    """Machines, pillars and lamps behind a belt, out of focus."""
    rng = stage.rng
    if stage.spec.light == "backlight":
        far_country(stage, -6.0)
        return
    stage.wall(
        "hall", surfaces.concrete(rng, stage.metre, 0.0, vary(rng, (0.45, 0.47, 0.48), 0.3)), (-60, 60), y + 8, (-6, 25)
    )
    for _ in range(rng.randint(3, 9)):
        tall = rng.uniform(1, 7)
        part = box((rng.uniform(0.4, 3), rng.uniform(0.4, 2), tall))
        where = np.array([rng.uniform(-10, 10), y + rng.uniform(1, 6), rng.uniform(-6, -2)])
        if stage.allows(part.vertices + where):
            paint = stage.paint() if rng.random() < 0.6 else surfaces.metal(rng, stage.metre, 0.0)
            stage.block("machine", part, paint, where, rng.gauss(0, 0.2))


def build_shelf(stage: Stage) -> None:
    """Boards with things on them, a back and sides; what stands higher than its board gets a riser."""
    rng, camera = stage.rng, stage.camera
    paint = rng.choice([surfaces.wood, lambda r, m, w: surfaces.wood(r, m, w, boards=False), _lacquer, surfaces.metal])(
        rng, stage.metre, 0.0
    )
    if camera.pitch > math.radians(20):
        _slab(stage, "board", paint, rng.uniform(0.3, 0.8))
        low, high = stage.bounds()
        back_wall(stage, float(high[1]) + 1.0, -0.1, open_share=0.0)
        return
    low, high = stage.bounds()
    tops = sorted({round(float(s.world[:, 2].min()), 4) for s in stage.shapes}) or [-0.3 * camera.width]
    deep = max(float(high[1] - low[1]), 0.8) + 0.8
    front, back = float(low[1]) - 0.12 * stage.subject, float(low[1]) + deep
    wide = 1.4 * camera.width + 2
    thick = float(np.clip(0.02 * stage.metre, 0.06, 0.25))
    lowest = tops[0]
    clear = max((float(np.ptp(s.world[:, 2])) for s in stage.shapes), default=stage.subject) * rng.uniform(1.15, 1.7)
    gap = max(clear, 0.3 * camera.width)
    boards = [lowest]
    for top in tops[1:]:
        # A board may not pass through what stands on the one below.
        standing = [s for s in stage.shapes if boards[-1] - 0.02 <= s.world[:, 2].min() < top - 0.02]
        if all(s.world[:, 2].max() < top - thick for s in standing):
            boards.append(top)
    while boards[-1] + gap < camera.width:
        boards.append(
            boards[-1]
            + max(
                gap,
                max(
                    (
                        float(s.world[:, 2].max()) - boards[-1] + thick + 0.05
                        for s in stage.shapes
                        if s.world[:, 2].min() >= boards[-1] - 0.02
                    ),
                    default=0.0,
                ),
            )
        )
    boards = [boards[0] - gap, *boards]
    for z in boards:
        stage.block("board", box((2 * wide, back - front, thick)), paint, np.array([0, (front + back) / 2, z - thick]))
    stage.wall("back", _wall_paint(stage) if rng.random() < 0.5 else paint, (-wide, wide), back, (-12, 14))
    for s in stage.shapes:
        bottom = float(s.world[:, 2].min())
        board = max((z for z in boards if z <= bottom + 0.02), default=bottom)
        if bottom - board > 0.03:
            feet = s.world
            size = (float(np.ptp(feet[:, 0])) * 1.1, float(np.ptp(feet[:, 1])) * 1.0, bottom - board)
            stage.block("riser", box(size), stage.paint(), np.array([s.position[0], s.position[1], board]))
    _fill_boards(stage, boards, (front, back), gap - thick)
    hide_with_props(stage, None)


def _fill_boards(stage: Stage, boards: list[float], y: tuple[float, float], clear: float) -> None:
    """Goods beside what was asked for."""
    rng = stage.rng
    kinds = available(stage, PROPS["shelf"])
    boxes = [(s.world.min(axis=0), s.world.max(axis=0)) for s in stage.shapes]
    for _ in range(_clutter_count(stage, 26) if kinds else 0):
        prop, z = rng.choice(kinds), rng.choice(boards)
        part = prop.draw(rng, stage.noise)
        size = prop_size(stage, part, 0.4, 1.8)
        points = part.vertices * size
        if np.ptp(points[:, 2]) > clear:
            points *= clear * 0.9 / np.ptp(points[:, 2])
        where = np.array([rng.uniform(-0.6, 0.6) * stage.camera.width, (y[0] + y[1]) / 2 + rng.uniform(0, 0.2), z])
        low, high = points.min(axis=0) + where, points.max(axis=0) + where
        if any((low < b).all() and (high > a).all() for a, b in boxes) or not stage.allows(points + where):
            continue
        boxes.append((low, high))
        stage.put(
            stage.mesh(prop.names[0], Geometry(points, part.faces), smooth=prop.smooth), matrix_of(where), stage.paint()
        )


def build_road(stage: Stage) -> None:
    """Asphalt or paving with markings, kerb and verge; trees or houses behind."""
    rng, metre = stage.rng, stage.metre
    far_country(stage, -0.08)
    low, high = stage.bounds()
    away = rng.random() < 0.6
    cracks = not stage.shows("crack")
    tar = surfaces.asphalt(rng, metre, stage.wet, cracks=cracks)
    paint = tar if rng.random() < 0.8 else surfaces.tiles(rng, metre, stage.wet)
    half = max(abs(low[0]), abs(high[0]), 1.5 * metre) + rng.uniform(0.2, 2.0) * max(stage.subject, 1)
    back = float(high[1]) + rng.uniform(1, 6)
    x, y = ((-half, half), (-40.0, 200.0)) if away else ((-200.0, 200.0), (-40.0, back))
    stage.plane("road", paint, x, y)
    white = surfaces.concrete(
        rng, metre, stage.wet, vary(rng, rng.choice([(0.7, 0.7, 0.68), (0.7, 0.7, 0.68), (0.7, 0.5, 0.06)]))
    )
    wide = float(np.clip(0.12 * metre, 0.1, 1.2))
    step, length = max(3.0 * metre, 3.0), max(1.6 * metre, 1.6)
    lines = (
        [rng.uniform(-0.8, 0.8) * half for _ in range(rng.randint(0, 2))]
        if away
        else [rng.uniform(float(low[1]) - 2, back) for _ in range(rng.randint(0, 2))]
    )
    for line in lines:
        dashed = rng.random() < 0.6
        ends = [(k * step, k * step + length) for k in range(-4, 20)] if dashed else [(-40.0, 150.0)]
        for start, end in ends:
            span, other = (start, end), (line - wide / 2, line + wide / 2)
            stage.plane("marking", white, other if away else span, span if away else other, 0.006)
    kerb = surfaces.concrete(rng, metre, stage.wet)
    tall = float(np.clip(0.12 * metre, 0.08, 0.8))
    if away:
        for sign in (-1, 1):
            stage.block("kerb", box((tall * 1.3, 240, tall)), kerb, np.array([sign * (half + 0.6 * tall), 80, -0.05]))
    else:
        stage.block("kerb", box((400, tall * 1.3, tall)), kerb, np.array([0, back + 0.6 * tall, -0.05]))
    view = _view(stage)
    strew(
        stage,
        _clutter_count(stage, 14),
        (max(x[0], view[0][0] - 2), min(x[1], view[0][1] + 2)),
        (view[1][0], min(y[1], view[1][1] + 8)),
    )
    hide_with_props(stage)
    if stage.camera.pitch < math.radians(35) and rng.random() < 0.7:
        _houses(stage, float(high[1]) + rng.uniform(14, 40))


def _houses(stage: Stage, y: float) -> None:
    rng = stage.rng
    for _ in range(rng.randint(2, 6)):
        width, tall = rng.uniform(5, 14), rng.uniform(4, 14)
        wall = surfaces.concrete(
            rng,
            2.0,
            0.0,
            vary(rng, rng.choice([(0.6, 0.55, 0.48), (0.4, 0.22, 0.16), (0.7, 0.7, 0.68), (0.5, 0.42, 0.3)])),
        )
        x = rng.choice([-1, 1]) * rng.uniform(4, 30)
        far = y + rng.uniform(0, 20)
        stage.block("house", box((width, 8, tall)), wall, np.array([x, far, -0.1]))
        glass = surfaces.plain("glass", (0.05, 0.07, 0.1), 0.1)
        panes = []
        for i in range(int(width / 2)):
            for k in range(int(tall / 2.4)):
                pane = box((0.9, 0.1, 1.2))
                pane.vertices += [x - width / 2 + 1 + 2 * i, far - 4.02, 0.9 + 2.4 * k]
                panes.append(pane)
        stage.put(stage.mesh("panes", joined(panes), smooth=False), np.eye(4), glass)


def build_sky(stage: Stage) -> None:
    """Open sky, or from high up the land far below; a wire, a branch or roofs at the edge."""
    from tools.generators.blender.plants import branch_into_view

    rng = stage.rng
    far_country(stage, -rng.uniform(25, 60))
    for _ in range(_clutter_count(stage, 3)):
        if rng.random() < 0.5 and not stage.avoids("leaf", "tree"):
            branch_into_view(stage)
        else:
            depth = FOCUS * rng.uniform(1.3, 2.5)
            ends = [stage.camera.at(u, rng.uniform(0, 1), depth) for u in (-0.3, 1.3)]
            t = np.linspace(0, 1, 16)[:, None]
            path = ends[0] + (ends[1] - ends[0]) * t - np.array([0, 0, 1.0]) * (4 * t * (1 - t)) * rng.uniform(0.1, 0.8)
            wire = tube(path, np.full(16, 0.03), 5)
            stage.put(stage.mesh("wire", wire), np.eye(4), surfaces.plain("wire", (0.03, 0.03, 0.03), 0.6))
    if any(w >= 0.05 for w in stage.cover.wanted):
        from tools.generators.blender.plants import TREE, Foliage, hide_with_leaves

        hide_with_leaves(stage, Foliage(stage, TREE))


def build_studio(stage: Stage) -> None:
    """A seamless sweep of one colour under what stands on it, or all around what floats."""
    rng, camera = stage.rng, stage.camera
    colours: list[Colour] = [
        (0.85, 0.85, 0.85),
        (0.85, 0.85, 0.85),
        (0.5, 0.5, 0.5),
        (0.12, 0.12, 0.13),
        (0.3, 0.5, 0.65),
        (0.75, 0.55, 0.5),
        (0.55, 0.65, 0.5),
        (0.8, 0.7, 0.35),
    ]
    paint = surfaces.plain("sweep", vary(rng, rng.choice(colours), 0.08), rng.uniform(0.4, 0.9))
    _, high = stage.bounds()
    if camera.pitch < 0:
        far = camera.at(0.5, 0.5, FOCUS * 1.8)
        side = 3 * camera.width
        corners = np.stack(
            [
                far + camera.axes[:, 0] * i * side + camera.axes[:, 1] * k * side
                for i, k in ((-1, -1), (1, -1), (1, 1), (-1, 1))
            ]
        )
        stage.put(stage.mesh("sweep", Geometry(corners, np.array([[0, 1, 2, 3]]))), np.eye(4), paint)
    else:
        back = float(high[1]) + rng.uniform(1.5, 5)
        bend = np.linspace(0, math.pi / 2, 10)
        radius = 2.5
        y = np.concatenate([[-60], back + radius * np.sin(bend), [back + radius]])
        z = np.concatenate([[0], radius * (1 - np.cos(bend)), [40]])
        rows = np.stack([np.stack([np.full(len(y), x), y, z], axis=1) for x in (-80, 80)], axis=1)
        k = np.arange(len(y) - 1) * 2
        faces = np.stack([k, k + 1, k + 3, k + 2], axis=1)
        stage.put(stage.mesh("sweep", Geometry(rows.reshape(-1, 3), faces)), np.eye(4), paint)
        view = _view(stage)
        strew(stage, _clutter_count(stage, 3), view[0], (view[1][0], back))
    hide_with_props(stage, 0.0 if camera.pitch > 0 else None)


FIBRES = 0.12  # of the slides have some
# Clear, and what lamps, filters and stains make of it.
FIELDS = (
    (0.93, 0.94, 0.95), (0.95, 0.9, 0.93), (0.93, 0.94, 0.84), (0.88, 0.84, 0.93), (0.97, 0.91, 0.87),
    (0.84, 0.93, 0.88), (0.9, 0.9, 0.88),
)  # fmt: skip


def build_slide(stage: Stage) -> None:
    """A microscope's field: an even glow, stain, dust and fibres, dark corners now and then."""
    rng, noise = stage.rng, stage.noise
    surface = surfaces.Surface("field", roughness=1.0)
    where = surface.place(1.0)
    glow = vary(
        rng,
        rng.choice(FIELDS),
        0.05,
    )
    cloudy = surface.noise(where, rng.uniform(0.1, 0.6), 4)
    surface.set("Emission Color", surface.ramp(cloudy, (0.3, surfaces.mix(glow, (0.6, 0.5, 0.6), 0.25)), (0.7, glow)))
    surface.set("Emission Strength", rng.uniform(0.8, 1.0))
    surface.colour((0.4, 0.4, 0.4))
    stage.plane("field", surface.material, (-200, 200), (-200, 200))
    stain = surfaces.Surface("stain", roughness=0.6)
    # Not the purple of stained cells: a speck of it is a platelet to whoever looks, and has no label.
    stain.colour(
        vary(rng, rng.choice([(0.25, 0.18, 0.13), (0.36, 0.32, 0.28), (0.2, 0.2, 0.15), (0.15, 0.2, 0.4)]), 0.3)
    )
    mesh = stage.mesh("speck", blob(noise, 0.35, 7))
    for _ in range(_clutter_count(stage, 20)):
        spot = stage.camera.on_plane(rng.uniform(0, 1), rng.uniform(0, 1))
        size = stage.subject * float(np.clip(noise.lognormal(-3.0, 0.7), 0.012, 0.2))
        if stage.allows(spot + size * np.array([[x, y, 0.1] for x in (-1, 1) for y in (-1, 1)])):
            stage.put(
                mesh,
                matrix_of(spot, rotation(z=rng.uniform(0, 6.3)), np.array([size, size, 0.3 * size])),
                stain.material,
            )
    for _ in range(_clutter_count(stage, 4) if rng.random() < FIBRES else 0):
        ends = [stage.camera.on_plane(rng.uniform(-0.2, 1.2), rng.uniform(-0.2, 1.2), 0.02) for _ in range(2)]
        fibre = tube(
            ends[0]
            + (ends[1] - ends[0]) * np.linspace(0, 1, 40)[:, None]
            + np.cumsum(noise.normal(0, 0.03, (40, 3)), axis=0) * [1, 1, 0],
            np.full(40, 0.02),
            5,
        )
        if stage.allows(fibre.vertices):
            stage.put(stage.mesh("fibre", fibre), np.eye(4), stain.material)
    hide_with_blobs(stage, stain.material)


def hide_with_blobs(stage: Stage, paint: Any) -> None:
    """Debris that lies over what is to be partly hidden."""
    for i, shape in enumerate(stage.shapes):
        wanted = stage.cover.wanted[i]
        for attempt in range(12 if wanted >= LEAST_HIDDEN else 0):
            if stage.cover.share(i) >= wanted - 0.05:
                break
            angle = stage.rng.uniform(0, 2 * math.pi)
            size = shape.radius * stage.rng.uniform(0.4, 0.8) * (0.9**attempt)
            where = shape.position + shape.radius * np.array([math.cos(angle), math.sin(angle), 0.0])
            where[2] = float(shape.world[:, 2].max()) + 0.02
            part = blob(stage.noise, 0.25, 9)
            part.vertices *= [size, size, 0.1 * size]
            if stage.allows(part.vertices + where):
                stage.put(stage.mesh("debris", part), matrix_of(where), paint)
