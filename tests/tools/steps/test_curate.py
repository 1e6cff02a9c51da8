"""Copies, outliers and leaks go; families stay whole in their split; nobody loses a split."""

import io
import json
from collections import Counter

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.fakes import ShapeGenerator
from tests.pipeline import new_run
from tools.core.errors import StepFailed, Stopped
from tools.core.settings import Settings
from tools.data import neighbours
from tools.data.dataset import file_sha256
from tools.data.images import read_image, write_image
from tools.data.photos import Fingerprint, look_hash
from tools.data.sample import Instance, Sample
from tools.data.scores import Diagnosis
from tools.scenes.scene import CONTEXTS, SceneObject, SceneSpec
from tools.steps.curate import (
    Candidate,
    curate,
    embed,
    find_copies,
    find_leaks,
    find_outliers,
    measured_share,
    split_families,
)
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import score

LIMIT = Settings().curation.max_cosine


def _image(seed, size=96):
    rng = np.random.default_rng(seed)
    boxes = [(*rng.uniform(0.2, 0.8, 2), *rng.uniform(0.2, 0.4, 2)) for _ in range(3)]
    objects = [SceneObject(class_name="apple", drawn_as="apple", box=box, depth=i) for i, box in enumerate(boxes)]
    scene = SceneSpec(context=CONTEXTS[seed % len(CONTEXTS)], light="sun", family="f", seed=seed, objects=objects)
    return ShapeGenerator(size_px=size).draw(scene)[0]


def _jpeg(image, quality):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def _cut(image, share):
    edge = int(share * len(image))
    return image[edge:-edge, edge:-edge]


# Embedding and copies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "perturb",
    [
        lambda p: p,
        lambda p: _jpeg(p, 40),
        lambda p: _cut(p, 0.02),
        lambda p: np.clip(p * 1.2, 0, 255).astype(np.uint8),
        lambda p: (p * 0.8).astype(np.uint8),
        lambda p: cv2.resize(p, (200, 200)),
    ],
)
def test_a_perturbed_copy_is_nearer_than_any_other_image(perturb):
    images = [_image(i) for i in range(14)]
    base = np.stack([embed(p) for p in images])
    others = (base @ base.T)[np.triu_indices(len(base), 1)]
    same = [float(embed(perturb(p)) @ base[i]) for i, p in enumerate(images)]
    assert np.allclose(np.linalg.norm(base, axis=1), 1, atol=1e-5)
    assert min(same) > others.max()
    assert others.max() < LIMIT


def test_embedding_of_a_blank_image_is_finite():
    assert np.isfinite(embed(np.full((40, 60, 3), 7, np.uint8))).all()


def _unit(*rows):
    rows = np.array(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("rows", "hashes", "scores", "expected"),
    [
        ([], "", [], {}),
        ([(1, 0)], "a", [0.5], {}),
        ([(1, 0), (0, 1)], "ab", [0.5, 0.5], {}),
        ([(1, 0), (1, 0.01)], "ab", [0.5, 0.9], {0: 1}),  # the better one stays
        ([(1, 0), (1, 0.01)], "ab", [0.5, 0.5], {1: 0}),  # of equals the first
        ([(1, 0), (0, 1)], "aa", [0.5, 0.9], {0: 1}),  # the same file, whatever the embedding says
        ([(1, 0), (1, 0.01), (1, 0.02)], "abc", [0.5, 0.9, 0.7], {0: 1, 2: 1}),
        # A chain: the middle is like both ends, which differ. One end goes with the middle's better twin only.
        ([(1, 0), (1, 0.14), (1, 0.3)], "abc", [0.9, 0.1, 0.8], {1: 0}),
    ],
)
def test_find_copies(rows, hashes, scores, expected):
    embeddings = _unit(*rows) if rows else np.zeros((0, 2), np.float32)
    assert find_copies(embeddings, list(hashes), scores, 0.985) == expected


def test_a_copy_is_never_of_a_copy():
    rng = np.random.default_rng(0)
    embeddings = _unit(*(np.array([1, 0, 0]) + rng.normal(0, 0.1, (60, 3))))
    copies = find_copies(embeddings, [str(i) for i in range(60)], rng.random(60).tolist(), 0.99)
    assert copies
    assert not set(copies) & set(copies.values())
    kept = [i for i in range(60) if i not in copies]
    similarity = embeddings[kept] @ embeddings[kept].T
    assert similarity[np.triu_indices(len(kept), 1)].max() < 0.99


def test_among_many_images_cells_find_what_a_look_at_every_pair_finds(monkeypatch):
    rng = np.random.default_rng(0)
    originals = rng.normal(size=(2500, 48))
    embeddings = _unit(*originals, *(originals[:400] + rng.normal(0, 0.05, (400, 48))))
    scores, hashes = rng.random(2900).tolist(), [str(i) for i in range(2900)]
    exact = find_copies(embeddings, hashes, scores, 0.97)
    unlike = find_outliers(embeddings, ["apple"] * 2900, 8, 3.0)
    monkeypatch.setattr(neighbours, "EXACT", 500)
    in_cells = find_copies(embeddings, hashes, scores, 0.97)
    assert len(exact) == 400 and set(in_cells.items()) <= set(exact.items()) and len(in_cells) >= 396
    assert np.isfinite([*find_outliers(embeddings, ["apple"] * 2900, 8, 3.0).values(), *unlike.values()]).all()


def test_find_outliers_by_group():
    rng = np.random.default_rng(0)
    usual = np.array([1, 0, 0, 0]) + rng.normal(0, 0.05, (30, 4))
    other = np.array([0, 1, 0, 0]) + rng.normal(0, 0.05, (30, 4))
    embeddings = _unit(*usual, (0, 0, 1, 0), *other)
    groups = ["apple"] * 31 + ["lemon"] * 30
    assert set(find_outliers(embeddings, groups, 5, 8.0)) == {30}
    assert find_outliers(embeddings, groups, 5, 1e9) == {}
    assert find_outliers(embeddings[24:33], groups[24:33], 5, 4.0) == {}  # too few to tell


def test_find_leaks_by_file_and_by_look(tmp_path):
    images = [_image(i) for i in range(4)]
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, image in zip(paths, images, strict=True):
        write_image(path, image)
    again = tmp_path / "real.jpg"
    write_image(again, np.ascontiguousarray(images[2][:, ::-1]))  # another file that shows the same, mirrored
    made = [Fingerprint("", file_sha256(path), look_hash(image)) for path, image in zip(paths, images, strict=True)]
    real = [
        Sample(id=p.stem, image=str(p), width=96, height=96, sha256="", family="f", engine="real")
        for p in (again, paths[0])
    ]
    assert find_leaks(made, real) == [0, 2]
    assert find_leaks(made, []) == []


# Splits -----------------------------------------------------------------------------------------------------------


def _split(samples, *shares):
    return split_families([Candidate.of(s) for s in samples], *shares)


def _samples(count, classes=("apple",), family=lambda i: f"f{i}", label=False, split=lambda i: None):
    def sample(i):
        name = classes[i % len(classes)]
        shown = [Instance(class_name=name, box=(0, 0, 4, 4))] if name else []
        return Sample(
            id=f"{i:04d}", image="a.png", width=8, height=8, sha256=str(i), family=family(i), engine="e",
            instances=shown, label=name if label else None, split=split(i),
        )  # fmt: skip

    return [sample(i) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, {}), (1, {"train": 1}), (3, {"train": 1, "val": 1, "test": 1}), (5, {"train": 3, "val": 1, "test": 1}),
     (79, {"train": 55, "val": 12, "test": 12}), (400, {"train": 280, "val": 60, "test": 60})],
)  # fmt: skip
def test_shares_hold(count, expected):
    splits = _split(_samples(count), 0.15, 0.15)
    counts = Counter(splits.values())
    assert all(abs(counts[s] - n) <= 1 for s, n in expected.items())
    assert set(counts) == set(expected)


@pytest.mark.parametrize(("classes", "count"), [(3, 40), (6, 79), (10, 79), (20, 80)])
def test_every_split_holds_every_class(classes, count):
    samples = _samples(count, [f"class {i}" for i in range(classes)], label=True)
    splits = _split(samples, 0.15, 0.15)
    for split in ("train", "val", "test"):
        assert len({s.label for s in samples if splits[s.id] == split}) == classes


def test_a_rare_class_is_in_val_and_test():
    samples = [*_samples(60), *(s.model_copy(update={"id": f"r{s.id}", "family": f"r{s.family}"})
                                for s in _samples(3, ["rare"]))]  # fmt: skip
    splits = _split(samples, 0.15, 0.15)
    assert {splits[s.id] for s in samples if s.id.startswith("r")} == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("kind", "images", "share"),
    [("segment", 1000, 0.15), ("segment", 140, 24 / 140), ("segment", 40, 0.2), ("classify", 360, 60 / 360)],
)
def test_few_images_give_more_of_them_to_what_measures(kind, images, share):
    assert measured_share(Settings(), kind, images, 0.15) == pytest.approx(share)
    assert measured_share(Settings(), kind, images, 0.15, photos=True) == pytest.approx(max(share / 2, 8 / images))


def test_empty_images_are_in_every_split():
    samples = _samples(70, ["apple"] * 9 + [""])
    splits = _split(samples, 0.15, 0.15)
    assert {splits[s.id] for s in samples if not s.instances} == {"train", "val", "test"}


def test_families_stay_whole():
    samples = _samples(90, family=lambda i: f"f{i % 31}")
    splits = _split(samples, 0.15, 0.15)
    homes = {}
    for sample in samples:
        homes.setdefault(sample.family, set()).add(splits[sample.id])
    assert all(len(home) == 1 for home in homes.values())
    assert set(splits.values()) == {"train", "val", "test"}


def test_what_was_drawn_for_a_weak_slice_is_not_reported_on():
    plain = _samples(120)
    aimed = [s.model_copy(update={"id": f"a{s.id}", "family": f"a{s.family}"}) for s in _samples(80)]
    splits = _split([*plain, *aimed], 0.15, 0.15, {s.family for s in aimed})
    assert {splits[s.id] for s in aimed} >= {"train", "val"}
    counts = Counter(splits.values())
    assert counts["test"] == pytest.approx(30, abs=3)  # the plain ones make up for it
    assert sum(splits[s.id] == "test" for s in aimed) <= 1  # one, where the test had none yet


def test_a_class_that_only_aimed_images_show_is_in_the_test():
    aimed = [s.model_copy(update={"id": f"a{s.id}", "family": f"a{s.family}"}) for s in _samples(9, ["rare"])]
    samples = [*_samples(60), *aimed]
    splits = _split(samples, 0.15, 0.15, {s.family for s in aimed})
    assert sum(splits[s.id] == "test" for s in aimed) == 1


def test_earlier_splits_stay_and_their_families_follow():
    earlier = _samples(40, split=lambda i: ("train", "train", "val", "test")[i % 4])
    later = [s.model_copy(update={"id": f"n{s.id}", "split": None}) for s in earlier[:20]]  # the same families
    fresh = [s.model_copy(update={"id": f"m{s.id}", "family": f"m{s.family}"}) for s in _samples(20)]
    splits = _split([*earlier, *later, *fresh], 0.15, 0.15)
    assert not set(splits) & {s.id for s in earlier}
    assert all(splits[f"n{s.id}"] == s.split for s in earlier[:20])
    # Val and test are above their share already: nothing more for them.
    assert {splits[s.id] for s in fresh} == {"train"}


def test_the_order_of_samples_does_not_matter():
    samples = _samples(60, ("a", "b", ""), family=lambda i: f"f{i % 40}")
    assert _split(samples, 0.15, 0.15) == _split(samples[::-1], 0.15, 0.15)


# The step ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    run = new_run(tmp_path, images=40, rounds=2, min_quality=0.0)
    design(run, 30, [], None)
    generate(run)
    score(run)
    return run


def _copy(run, to, of, change=lambda p: p):
    """Put another image's pixels into a sample, its hash untouched."""
    write_image(run.path(to.image), change(read_image(run.path(of.image))))


def test_kept_and_split(run):
    answer = json.loads(curate(run))
    samples = list(run.dataset.samples())
    kept = [s for s in samples if s.verdict == "kept"]
    assert run.round.kept == len(kept) >= 27
    assert {s.split for s in kept} == {"train", "val", "test"}
    assert all(s.split is None and s.reasons for s in samples if s.verdict == "dropped")
    assert sum(answer["splits"].values()) == len(kept)
    assert "leak_check" in answer


def test_scenes_that_aim_at_a_weak_slice_are_not_in_the_test(tmp_path):
    run = new_run(tmp_path, images=40, rounds=2, min_quality=0.0)
    design(run, 40, ["distance=far"], None)
    generate(run)
    score(run)
    curate(run)
    aimed = {s.id for s in run.dataset.scenes() if s.aimed}
    where = Counter((s.split, s.scene_id in aimed) for s in run.dataset.samples(verdict="kept"))
    assert where["train", True] > 10
    assert where["test", True] <= 1 < where["test", False]


def test_near_copies_go_and_the_better_one_stays(run):
    first, second, third = list(run.dataset.samples())[:3]
    _copy(run, second, first, lambda p: _jpeg(p, 60))
    run.dataset.update_samples({first.id: {"quality": 0.5}, second.id: {"quality": 0.9}, third.id: {"quality": 0.9}})
    answer = json.loads(curate(run))
    assert run.dataset.sample(first.id).reasons == [f"copy of {second.id}"]
    assert run.dataset.sample(second.id).verdict == "kept"
    assert answer["dropped"]["copy"] == 1


def test_doing_it_twice_changes_nothing(run):
    curate(run)
    before = [s.model_dump() for s in run.dataset.samples()]
    curate(run)
    assert [s.model_dump() for s in run.dataset.samples()] == before


def test_a_later_round_never_moves_what_was_kept(run):
    curate(run)
    before = {s.id: (s.verdict, s.split) for s in run.dataset.samples()}
    run.round.diagnosis = Diagnosis(round=1, on="synthetic_val")
    design(run, 10, ["light=sun"], None)
    generate(run)
    score(run)
    old, new = next(run.dataset.samples(verdict="kept")), next(run.dataset.samples(round_number=2))
    _copy(run, new, old)
    run.dataset.update_samples({new.id: {"quality": 1.0}, old.id: {"quality": 0.1}})  # even a better copy of it
    curate(run)
    after = {s.id: (s.verdict, s.split) for s in run.dataset.samples()}
    assert {i: after[i] for i in before} == before
    assert after[new.id] == ("dropped", None)
    assert run.round.number == 2
    assert run.round.kept == sum(v == "kept" for i, (v, _) in after.items() if i not in before)


def test_a_stop_leaves_everything_as_it_was(run):
    run.stop_requested.set()
    with pytest.raises(Stopped):
        curate(run)
    assert {s.verdict for s in run.dataset.samples()} == {"new"}


def test_real_photos_that_leak_drop_the_training_image(run, tmp_path):
    leaked = next(s for s in run.dataset.samples() if s.instances)
    real = tmp_path / "photos"
    (real / "images").mkdir(parents=True)
    for number in range(6):
        write_image(real / "images" / f"photo_{number}.png", _image(50 + number))
    write_image(real / "images" / "photo_9.jpg", read_image(run.path(leaked.image)))
    names = sorted(p.name for p in (real / "images").iterdir())
    coco = {
        "images": [{"id": i, "file_name": n, "width": 96, "height": 96} for i, n in enumerate(names, 1)],
        "annotations": [{"id": i, "image_id": i, "category_id": 1, "bbox": [9, 9, 40, 40], "area": 1600, "iscrowd": 0}
                        for i, _ in enumerate(names, 1)],
        "categories": [{"id": 1, "name": "apple"}],
    }  # fmt: skip
    (real / "annotations.json").write_text(json.dumps(coco), encoding="utf-8")
    run.record.real = str(real)
    answer = json.loads(curate(run))
    assert run.dataset.sample(leaked.id).reasons == ["shows the same as a real photo"]
    assert answer["leak_check"] == "1 leaks"


@pytest.mark.parametrize("dropped_before", [True, False])
def test_nothing_left_is_an_error_that_says_why(tmp_path, dropped_before):
    run = new_run(tmp_path, images=6, rounds=1)
    design(run, 6, [], None)
    if dropped_before:
        generate(run)
        run.dataset.update_samples({s.id: {"verdict": "dropped", "reasons": ["flat"]} for s in run.dataset.samples()})
    with pytest.raises(StepFailed, match="'flat'" if dropped_before else "generate_images"):
        curate(run)
