"""How people hold themselves: for each pose the turns of a figure's bones, drawn anew for each person."""

import numpy as np

from tools.generators.blender.parts import Pose
from tools.generators.blender.people.figure import Figure, Floats, turn_about, turn_to
from tools.generators.blender.shapes import rotation

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def turns_of(figure: Figure, pose: Pose, rng: np.random.Generator) -> dict[str, Floats]:
    """The turn of each bone that does not keep to its parent."""
    swing = rng.uniform(0.7, 1.15) * (1 if rng.uniform() < 0.5 else -1)
    lean = {"running": 12.0, "walking": 3.0, "bending": rng.uniform(30, 75), "sitting": rng.uniform(-10, 14)}.get(
        pose, 0
    )
    lean += rng.uniform(-3, 3)
    made: dict[str, Floats] = {}
    # The trunk leans from the hips up, a part of it in each joint of the spine.
    twist = rng.uniform(-9, 9)
    for bone, share in (("spine_01", 0.4), ("spine_02", 0.35), ("spine_03", 0.25)):
        made[bone] = rotation((rng.uniform(-2, 2), share * lean, share * twist))
    look_down = rng.uniform(-12, 16) - 0.5 * lean
    made["neck_01"] = rotation((rng.uniform(-4, 4), 0.35 * look_down, 0.3 * rng.normal(0, 20)))
    made["head"] = rotation((rng.uniform(-5, 5), 0.65 * look_down, float(np.clip(rng.normal(0, 22), -55, 55))))
    trunk = made["spine_01"] @ made["spine_02"] @ made["spine_03"]
    for side, sign in (("l", 1), ("r", -1)):
        thigh, calf = _leg(pose, sign, swing, rng)
        _bend(figure, made, np.eye(3), (f"thigh_{side}", thigh), (f"calf_{side}", calf))
        made[f"foot_{side}"] = (made[f"thigh_{side}"] @ made[f"calf_{side}"]).T @ _foot(pose, sign, swing, rng)
        arm, forearm = _arm(pose, sign, swing, rng)
        _bend(figure, made, trunk, (f"upperarm_{side}", arm), (f"lowerarm_{side}", forearm))
        curl = rng.uniform(5, 60)
        for finger in FINGERS:
            for joint in ("01", "02", "03"):
                bone = f"{finger}_{joint}_{side}"
                amount = (0.35 if finger == "thumb" else 1.0) * curl * rng.uniform(0.7, 1.1)
                if bone in figure.bones:
                    made[bone] = turn_about(_palm_axis(figure, side), amount * (1 if sign > 0 else -1))
    return made


def _bend(
    figure: Figure, made: dict[str, Floats], base: Floats, upper: tuple[str, Floats], lower: tuple[str, Floats]
) -> None:
    """Turn two bones, the second after the first, so that they point in given directions."""
    (first, to), (second, then) = upper, lower
    made[first] = turn_to(figure.along(first), base.T @ to)
    above = base @ made[first]
    made[second] = turn_to(figure.along(second), above.T @ then)


def _leg(pose: Pose, sign: int, swing: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Directions of thigh and calf."""
    aside = rng.uniform(0.02, 0.12) * sign
    if pose == "sitting":
        thigh = np.array([1.0, aside * rng.uniform(0.5, 3), rng.uniform(-0.12, 0.06)])
        return thigh, np.array([rng.uniform(-0.25, 0.35), aside * rng.uniform(-1, 1), -1.0])
    if pose in ("walking", "running"):
        reach = swing * sign * (0.42 if pose == "walking" else 0.75)
        back = max(-reach, 0.0)
        lifted = (0.9 if pose == "walking" else 2.2) * back + (0.05 if pose == "walking" else 0.35)
        return np.array([reach, aside * 0.4, -1.0]), np.array(
            [reach - lifted, aside * 0.2, -1.0 + 0.35 * max(lifted - 1, 0)]
        )
    if pose == "bending" and rng.uniform() < 0.4:  # a crouch
        return np.array([0.9, aside * 3, -0.35]), np.array([-0.75, -aside, -0.8])
    forward = rng.uniform(-0.06, 0.1)
    return np.array([forward, aside, -1.0]), np.array([forward - rng.uniform(0.02, 0.1), aside, -1.0])


def _foot(pose: Pose, sign: int, swing: float, rng: np.random.Generator) -> Floats:
    """How a foot is turned from rest, whatever the leg does."""
    lifted = 35.0 * max(-swing * sign, 0) if pose in ("walking", "running") else 0.0
    return rotation((0, lifted, sign * rng.uniform(-4, 16)))


def _arm(pose: Pose, sign: int, swing: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Directions of upper arm and forearm."""
    out = sign * rng.uniform(0.1, 0.32)
    if pose == "arms up":
        arm = np.array([rng.uniform(-0.1, 0.4), sign * rng.uniform(0.3, 0.9), rng.uniform(0.3, 1.0)])
        return arm, np.array([rng.uniform(-0.1, 0.4), sign * rng.uniform(-0.3, 0.4), 1.0])
    if pose == "sitting":
        arm = np.array([rng.uniform(0.05, 0.5), out, -1.0])
        return arm, np.array([1.0, -sign * rng.uniform(0, 0.5), rng.uniform(-0.5, 0.25)])
    if pose in ("walking", "running"):
        reach = -swing * sign * (0.45 if pose == "walking" else 0.8)
        bent = 0.25 if pose == "walking" else 1.1
        return np.array([reach, out, -1.0]), np.array([reach + bent, 0.4 * out, -1.0 + 0.6 * bent])
    if pose == "bending":
        return np.array([0.5, out, -1.0]), np.array([0.7, -0.3 * out, -1.0])
    if pose == "reaching" or rng.uniform() < 0.3:  # holding, pointing, working, a hand to the head or hip
        kind = rng.integers(4)
        if kind == 0:  # before the body
            return np.array([rng.uniform(0.1, 0.6), out, -1.0]), np.array(
                [1.0, -sign * rng.uniform(0.1, 0.7), rng.uniform(-0.3, 0.5)]
            )
        if kind == 1:  # stretched out
            way = np.array([1.0, sign * rng.uniform(-0.1, 1.2), rng.uniform(-0.5, 0.6)])
            return way, way + rng.uniform(-0.25, 0.25, 3)
        if kind == 2:  # to the head
            return np.array([0.55, sign * 0.6, rng.uniform(-0.7, 0.1)]), np.array(
                [rng.uniform(-0.3, 0.3), -sign * 0.55, 1.0]
            )
        return np.array([-0.35, sign * 0.8, -1.0]), np.array([0.45, -sign * 0.35, -0.5])  # on the hip
    forward = rng.uniform(-0.12, 0.15)
    return np.array([forward, out, -1.0]), np.array([forward + rng.uniform(0.05, 0.4), 0.5 * out, -1.0])


def _palm_axis(figure: Figure, side: str) -> Floats:
    """About which fingers close: across the hand at rest, from the little finger to the first."""
    names = figure.bones
    a, b = figure.begins[names.index(f"pinky_01_{side}")], figure.begins[names.index(f"index_01_{side}")]
    out: Floats = (b - a) / np.linalg.norm(b - a)
    return out
