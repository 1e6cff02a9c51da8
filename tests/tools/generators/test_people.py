"""People: bodies of every sex, age and build, in clothes and poses, and the pieces of them that have labels."""

import json
import random

import numpy as np
import pytest

from tools.core.task import ClassSpec
from tools.generators.blender.build import piece_number, shaped_mesh
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.models.model import is_free
from tools.generators.blender.parts import MOST_OF_A_BODY, PIECES, Body, Pose
from tools.generators.blender.people import dressed, make
from tools.generators.blender.people.classes import class_of, people_of, plated, wearing, without
from tools.generators.blender.people.dressed import ANCESTRIES, HAIR, SHOES, SUITS, body_mesh, build_of
from tools.generators.blender.people.figure import PEOPLE, Figure, turn_about, turn_to
from tools.generators.blender.people.poses import turns_of

POSES = Pose.__args__


def figure(sex="male", age="adult", seed=0):
    return Figure(sex, build_of(sex, age, np.random.default_rng(seed)))


def place(posed, bone):
    return posed.places[posed.figure.bones.index(bone)]


@pytest.mark.parametrize("sex", ["male", "female"])
@pytest.mark.parametrize("age", ["child", "adult", "old"])
def test_a_build_is_a_mixture(sex, age):
    amounts = build_of(sex, age, np.random.default_rng(4))
    assert sum(v for k, v in amounts.items() if k.startswith(ANCESTRIES)) == pytest.approx(1)
    assert sum(v for k, v in amounts.items() if k.startswith("universal")) == pytest.approx(1)
    assert min(amounts.values()) >= 0


def test_people_are_as_tall_as_people():
    tall = {
        (sex, age): np.median([np.ptp(figure(sex, age, s).layer("body").vertices[:, 2]) for s in range(15)])
        for sex in ("male", "female")
        for age in ("child", "adult")
    }
    assert 1.6 < tall["female", "adult"] < tall["male", "adult"] < 1.9
    assert 1.0 < tall["male", "child"] < 1.6
    assert tall["male", "child"] < tall["male", "adult"] - 0.15


@pytest.mark.parametrize("sex", ["male", "female"])
def test_every_layer_is_whole(sex):
    one = figure(sex)
    hair = {h for style in HAIR.values() for h in style}
    names = ["body", "eye l", "eye r", *SUITS[sex], dressed.WORK, *SHOES, *hair, *dressed.BROWS]
    for name in [*names, *([dressed.SKIRT] if sex == "female" else [])]:
        layer = one.layer(name)
        corners = {i for f in layer.faces for i in f}
        assert corners <= set(range(len(layer.vertices))) and len(layer.paints) == len(layer.faces) > 50, name
        assert np.allclose(layer.weights.sum(1), 1, atol=2e-3), name
        assert np.isfinite(layer.vertices).all() and np.abs(layer.vertices).max() < 1.3, name


def test_what_clothes_cover_is_left_out():
    one = figure()
    bare, dressed_one = one.layer("body"), one.layer("body", ("male_casualsuit02", "shoes01"))
    assert len(dressed_one.faces) < 0.8 * len(bare.faces)
    assert dressed_one.vertices[:, 2].max() == pytest.approx(bare.vertices[:, 2].max())  # the head stays
    assert dressed_one.vertices[:, 2].min() > bare.vertices[:, 2].min() + 0.03  # the feet do not


@pytest.mark.parametrize("way", [(0, 0, 1), (0.3, -0.2, 0.9), (-1, 0, 0), (1, 1e-9, 0)])
def test_a_turn_takes_one_direction_to_another_and_keeps_lengths(way):
    turn = turn_to(np.array([1.0, 0, 0]), np.array(way, float))
    assert np.allclose(turn @ [1, 0, 0], np.array(way) / np.linalg.norm(way), atol=1e-3)
    assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-6) and np.linalg.det(turn) == pytest.approx(1)


def test_a_turn_about_an_axis_is_the_smallest_one_across_it():
    up, right = np.array([0, 0, 1.0]), np.array([1.0, 0, 0])
    assert np.allclose(turn_about(up, 90) @ right, [0, 1, 0]) and np.allclose(turn_about(up, 37) @ up, up)
    assert np.allclose(turn_about(up, 90), turn_to(right, np.array([0, 1.0, 0])))


@pytest.mark.parametrize("pose", POSES)
def test_a_pose_is_one_that_people_take(pose):
    for seed in range(6):
        one = figure("female" if seed % 2 else "male", seed=seed)
        posed = one.posed(turns_of(one, pose, np.random.default_rng(seed)))
        head, hips, foot = place(posed, "head"), place(posed, "pelvis"), place(posed, "foot_l")
        hands = max(place(posed, "hand_l")[2], place(posed, "hand_r")[2])
        knees = [place(posed, f"calf_{s}")[2] for s in "lr"]
        assert head[2] > hips[2] > foot[2]
        if pose == "arms up":
            assert hands > head[2]
        elif pose not in ("standing", "reaching"):  # those may hold a hand to the head
            assert hands < head[2]
        if pose == "sitting":
            assert min(knees) > hips[2] - 0.15
        if pose == "bending":
            assert head[0] > hips[0] + 0.15  # forward, which is along x
        if pose in ("standing", "reaching"):
            assert hips[2] - foot[2] > 0.7 and abs(head[0] - hips[0]) < 0.15
        # Bones keep their lengths.
        for bone, end in (("thigh_l", "calf_l"), ("lowerarm_r", "hand_r")):
            a, b = one.bones.index(bone), one.bones.index(end)
            assert np.linalg.norm(posed.places[b] - posed.places[a]) == pytest.approx(
                np.linalg.norm(one.begins[b] - one.begins[a])
            )


def test_a_layer_is_cut_straight_where_a_value_is_nought():
    body = figure().layer("body")
    cut = body.clipped(body.vertices[:, 2] - 0.5)
    assert cut.vertices[:, 2].min() == pytest.approx(0.5, abs=1e-9)
    assert np.allclose(cut.weights.sum(1), 1, atol=2e-3)
    assert not body.clipped(np.full(len(body.vertices), -1.0)).faces
    whole = body.clipped(np.ones(len(body.vertices)))
    assert whole.faces == body.faces and np.array_equal(whole.vertices, body.vertices)


def test_what_is_grown_lies_outside():
    body = figure().layer("body")
    moved = np.linalg.norm(body.grown(0.02).vertices - body.vertices, axis=1)
    assert np.allclose(moved, 0.02)
    middle = body.vertices.mean(0)
    wide = [np.linalg.norm(v - middle, axis=1).mean() for v in (body.vertices, body.grown(0.02).vertices)]
    assert wide[1] > wide[0]


def test_a_person_is_within_bounds_differs_and_is_the_same_for_a_seed():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        part = Body(
            sex=("male", "female")[seed % 2], pose=POSES[seed % len(POSES)], hat=seed % 3 == 0, vest=seed % 3 == 0,
            cap=seed % 3 == 1, bag=seed % 4 == 0, mask=seed % 5 == 0, skirt=seed % 2 == 1, hair=list(HAIR)[seed % 4],
        )  # fmt: skip
        mesh = body_mesh(part, rng)
        assert 2500 < len(mesh.vertices) <= MOST_OF_A_BODY
        assert mesh.vertices[:, 2].min() == pytest.approx(0)
        again, other = body_mesh(part, np.random.default_rng(seed)), body_mesh(part, np.random.default_rng(seed + 99))
        assert np.array_equal(mesh.vertices, again.vertices)
        assert len(mesh.vertices) != len(other.vertices) or not np.allclose(mesh.vertices, other.vertices)


def test_no_hair_is_where_a_hat_is_and_no_sock_under_trousers():
    def of(material, part):
        mesh = body_mesh(part, np.random.default_rng(3))
        used = sorted({i for f, m in zip(mesh.faces, mesh.materials, strict=True) if m == material for i in f})
        return mesh.vertices[used]

    bare, hatted = Body(hair="short", sex="male"), Body(hair="short", sex="male", hat=True)
    assert of("hair", bare)[:, 2].max() > of("hair", hatted)[:, 2].max() + 0.04
    assert of("hat", hatted)[:, 2].max() > of("hair", hatted)[:, 2].max()
    assert len(of("socks", bare)) == 0
    assert len(of("socks", Body(sex="female", skirt=True, hair="long"))) > 0


@pytest.mark.parametrize(
    ("name", "pieces"),
    [("face", {1}), ("hand", {2, 3}), ("hard hat", {4}), ("safety vest", {5}), ("face mask", {6}), ("person", set())],
)
def test_what_is_sought_of_a_person_is_a_piece_of_him(name, pieces):
    spec = catalogue()[name]
    assert spec.labels == ("pieces" if pieces else "whole")
    mesh = shaped_mesh(spec, spec.appearances[0], np.random.default_rng(2))
    numbers = np.array([piece_number(m) for m in mesh.materials])
    assert set(numbers.tolist()) - {0} == pieces
    assert {m.partition("@")[0] for m in mesh.materials} <= set(spec.materials)
    assert (numbers > 0).mean() < 0.4
    if pieces:  # an upright body looks along x
        on = np.unique([i for f, n in zip(mesh.faces, numbers, strict=True) if n for i in f])
        low = mesh.vertices[on].min(0)
        assert low[2] > {"face": 0.3, "hard hat": 0.35, "face mask": 0.3}.get(name, -0.3)


def test_a_face_is_the_front_of_the_head():
    mesh = shaped_mesh(catalogue()["face"], catalogue()["face"].appearances[0], np.random.default_rng(5))
    face, skin = (
        [i for f, m in zip(mesh.faces, mesh.materials, strict=True) if m == k for i in f] for k in ("skin@1", "skin")
    )
    head = mesh.vertices[np.array(skin)][mesh.vertices[np.array(skin)][:, 2] > 0.4]
    assert {"eye@1", "white@1", "mouth@1", "hair@1"} <= set(mesh.materials)
    assert mesh.vertices[np.array(face)][:, 0].mean() > head[:, 0].mean()


def test_classes_that_one_person_bears_are_told():
    spec_of = catalogue().__getitem__

    def classes(*names):
        return [ClassSpec(name=f"my {n}", drawn_as=n) for n in names]

    assert people_of(classes("person"), spec_of) == people_of(classes("person", "worker", "apple"), spec_of) == []
    assert people_of(classes("hard hat"), spec_of) == people_of(classes("hard hat", "dog"), spec_of) == []
    both = people_of(classes("person", "hard hat", "dog"), spec_of)
    assert both == [("my person", "person"), ("my hard hat", "hard hat")]
    assert class_of(PIECES["hat"][0], both, spec_of) == "my hard hat" and class_of(1, both, spec_of) is None


@pytest.mark.parametrize(
    ("drawn_as", "sought", "whole", "numbers"),
    [
        ("person", ("person", "hard hat"), "person", {"marked": "hat"}),
        ("hard hat", ("person", "hard hat"), "person", {"marked": "hat", "hat": 1}),
        ("man", ("person", "hard hat"), "person", {"sex": "male", "marked": "hat"}),  # stands beside, and is one
        ("hard hat", ("woman", "hard hat"), "woman", {"sex": "female", "hat": 1}),
        ("man", ("woman", "hard hat"), None, {"sex": "male", "marked": "hat"}),
        ("face", ("face", "hand"), None, {"marked": "face|hand"}),
    ],
)
def test_each_person_bears_all_that_he_has_of_what_is_sought(drawn_as, sought, whole, numbers):
    spec_of = catalogue().__getitem__
    people = people_of([ClassSpec(name=n, drawn_as=n) for n in sought], spec_of)
    spec, name = wearing(spec_of(drawn_as), drawn_as, people, spec_of, random.Random(1))
    assert name == whole and spec.labels == "pieces"
    assert numbers.items() <= spec.numbers.items()
    assert shaped_mesh(spec, spec.appearances[0], np.random.default_rng(0)).materials


def test_nobody_carries_unlabelled_what_is_sought():
    spec = catalogue()["person"]
    assert without(spec, lambda *words: "backpack" in words).numbers["bag"] == 0
    assert without(spec, lambda *words: "cap" in words).numbers["cap"] == 0
    assert without(spec, lambda *_: False) is spec
    bare = without(spec, lambda *_: True)
    for look in bare.appearances:
        for seed in range(30):
            body = bare.parts_of(look, np.random.default_rng(seed))
            assert not body.bag and not body.cap


def test_everything_shipped_of_people_is_free_and_says_where_it_is_from():
    sources = json.loads(PEOPLE.with_name("sources.json").read_text(encoding="utf-8"))
    assert {s["file"] for s in sources} == {PEOPLE.name}
    assert all(is_free(s["licence"]) and s["origin"] and s["author"] for s in sources)
    assert PEOPLE.stat().st_size < 5e6
    with np.load(PEOPLE, allow_pickle=False) as kept:
        named = {n.split()[1] for n in kept.files if n.endswith(" vertices")}
    assert named == {"body", "eye", *make.SUITS, *make.SHOES, *make.HAIR, *make.BROWS}


CLOTHES = """# of a test
x_scale 0 1 2.0
z_scale 0 2 1.0
verts 0
material a.mhmat
0 1 2 0.5 0.25 0.25 0.1 0 0
3
delete_verts
1 - 3 7
"""


def test_clothes_hang_on_the_body_and_grow_with_it(tmp_path):
    (tmp_path / "a.mhclo").write_text(CLOTHES)
    fit = make.read_fit(tmp_path / "a.mhclo")
    base = np.array([[0, 0, 0], [2.0, 0, 0], [0, 0, 1.0], [5, 5, 5]])
    assert np.allclose(fit.placed(base), [[0.6, 0, 0.25], [5, 5, 5]])
    assert np.allclose(fit.placed(2 * base), [[1.2, 0, 0.5], [10, 10, 10]])
    assert fit.hidden == {1, 2, 3, 7}


def test_components_give_back_what_they_were_made_of():
    rng = np.random.default_rng(0)
    terms = np.tensordot(rng.normal(size=(6, 2)), rng.normal(size=(2, 9, 3)), 1)
    directions, amounts = make.components_of(terms, 2)
    assert np.allclose(np.tensordot(amounts, directions, 1), terms)


def test_pieces_of_a_mesh_come_in_the_order_of_the_file():
    assert make.pieces_of(6, [(3, 4, 5), (0, 1, 2), (3, 5, 4)]) == [[0, 2], [1]]


def test_vehicles_bear_plates_where_both_are_sought_but_not_what_runs_on_rails():
    spec_of = catalogue().__getitem__
    sought = [ClassSpec(name=f"{n}s", drawn_as=n) for n in ("car", "train", "license plate", "person")]
    vehicles = people_of(sought, spec_of)
    assert vehicles == [("cars", "car"), ("trains", "train"), ("license plates", "license plate")]
    assert people_of(sought[:2], spec_of) == []
    bearer, whole = plated(spec_of("license plate"), "license plate", vehicles, spec_of)
    assert whole == "cars" and bearer.labels == "pieces"
    train, whole = plated(spec_of("train"), "train", vehicles, spec_of)
    assert whole == "trains" and "marked" not in train.numbers
    assert plated(spec_of("bus"), "bus", vehicles, spec_of)[1] is None
    assert class_of(2, vehicles, spec_of) == "license plates"
