"""A few labelled photos become material: cut-outs, grounds without objects, and weights of what to make."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from agent.report import write_report
from agent.run import start_run
from tests.pipeline import new_run
from tests.runs import make_run
from tests.tools.generators.cutout_files import ground, labelled_photos
from tools.classes import ClassArgument
from tools.data.apart import check_apart
from tools.data.pictures import read_picture, write_picture
from tools.data.real import read_photos
from tools.drawing import few_description, wishes_of
from tools.errors import FixArguments, StepFailed, Stopped
from tools.generate import generate
from tools.generators.copy_paste.few import describe, load_few, prepare_few, tone_of
from tools.generators.copy_paste.few import wishes_of as few_wishes
from tools.generators.copy_paste.grabcut import cut_box
from tools.scenes import design
from tools.settings import Settings
from tools.task import Wanted, define, plan_for_person


def few_run(tmp_path, folder, *names, **changed):
    run = new_run(tmp_path / "run", *(names or ("apple",)), **{"generator": "copy_paste", "size_px": 128} | changed)
    run.record.few = str(folder)
    return run


def class_photos(folder: Path, per_class=4):
    """One folder a class; each photo shows one large thing on noise."""
    for name, colour in (("apple", (210, 40, 40)), ("plum", (90, 30, 120))):
        for number in range(per_class):
            picture = ground(160, number + 40 * (name == "plum"))
            cv2.circle(picture, (78 + 3 * number, 82), 45, colour, -1)
            write_picture(folder / name / f"{number}.png", picture)
    return folder


# What they become -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("masks", [True, False])
def test_cutouts_show_the_objects_and_grounds_do_not(tmp_path, masks):
    folder = labelled_photos(tmp_path / "few", 6, masks=masks)
    run = few_run(tmp_path, folder)
    said = few_description(run)
    made = run.folder / "few"
    index = json.loads((made / "cutouts" / "index.json").read_text())
    objects = sum(said["labels"].values())
    assert said["cutouts"] == objects
    assert len(index) >= 0.8 * objects
    for entry in index:
        rgba = np.asarray(Image.open(made / "cutouts" / entry["file"]))
        solid = rgba[rgba[..., 3] > 200][:, :3].astype(int)
        red = (solid[:, 0] > 180) & (solid[:, 1] < 80)
        assert red.mean() > 0.95
        assert solid.shape[0] > 0.9 * np.pi * 17**2
    grounds = sorted((made / "backgrounds").glob("*.jpg"))
    assert len(grounds) == 6
    for path in grounds:
        picture = read_picture(path).astype(int)
        assert ((picture[..., 0] > 170) & (picture[..., 1] < 90)).mean() < 0.002


def test_it_is_made_once_and_a_kill_leaves_nothing_half_made(tmp_path):
    run = few_run(tmp_path, labelled_photos(tmp_path / "few"))
    run.stop_requested.set()
    with pytest.raises(Stopped):
        few_description(run)
    assert not (run.folder / "few").exists()
    run.stop_requested.clear()
    first = few_description(run)
    files = {p: p.stat().st_mtime_ns for p in (run.folder / "few").rglob("*.*")}
    shutil.rmtree(tmp_path / "few")  # what was made stands for itself
    assert few_description(run) == first
    assert files == {p: p.stat().st_mtime_ns for p in (run.folder / "few").rglob("*.*")}


def test_grabcut_finds_the_thing_inside_its_box_and_nothing_where_there_is_none():
    picture = ground(200, 3)
    cv2.ellipse(picture, (100, 90), (40, 25), 20, 0, 360, (30, 160, 60), -1)
    truth = np.zeros((200, 200), np.uint8)
    cv2.ellipse(truth, (100, 90), (40, 25), 20, 0, 360, 1, -1)
    found = cut_box(picture, (60, 62, 140, 118))
    assert (found & (truth > 0)).sum() / (found | (truth > 0)).sum() > 0.9
    assert cut_box(np.full((100, 100, 3), 90, np.uint8), (20, 20, 60, 60)) is None


# What they say --------------------------------------------------------------------------------------------------------


def test_the_description_is_measured(tmp_path):
    folder = labelled_photos(tmp_path / "few", 6)
    samples, _ = load_few(folder, few_run(tmp_path, folder).task, {}, None)
    said = describe(samples, [tone_of(read_picture(Path(s.image))) for s in samples])
    assert said["photos"] == 6
    assert said["labels"] == {"apple": 12}
    assert said["crowding"] == {"one": pytest.approx(1 / 3, abs=1e-3), "few": pytest.approx(2 / 3, abs=1e-3)}
    assert 36 / 160 <= said["side_share"][1] <= 48 / 160
    assert set(said["distance"]) == {"near"}
    assert 0.35 < said["brightness"][1] < 0.55
    assert len(set(said["sha256"])) == 6


def test_half_is_more_of_the_same_and_half_is_what_is_missing(tmp_path):
    said = {"distance": {"near": 1.0}, "crowding": {"one": 0.5, "few": 0.5}}
    wishes = few_wishes(said)
    distance = {k: v / sum(wishes["distance"].values()) for k, v in wishes["distance"].items()}
    assert distance["near"] == pytest.approx(0.5, abs=0.01)
    assert all(distance[k] > 0.1 for k in ("close", "medium", "far"))
    assert wishes["crowding"]["few"] > wishes["crowding"]["many"] > 0
    assert wishes["light"]["overcast"] > max(v for k, v in wishes["light"].items() if k != "overcast")


def test_the_sampler_aims_by_it_and_a_model_may_still_change_it(tmp_path):
    run = few_run(tmp_path, labelled_photos(tmp_path / "few", 6), images=400, rounds=1)
    design(run, 200, [], None)
    scenes = run.dataset.scenes()
    near = sum(s.distance == "near" for s in scenes) / len(scenes)
    assert near == pytest.approx(0.5, abs=0.12)
    assert {s.distance for s in scenes} == {"close", "near", "medium", "far"}
    design(run, 100, [], {"distance": {"near": 0}})
    assert sum(s.distance == "near" for s in run.dataset.scenes()[200:]) == 0
    assert set(wishes_of(run)) >= {"distance", "crowding", "light", "viewpoint"}


# Runs -----------------------------------------------------------------------------------------------------------------


def test_a_run_learns_from_them_and_says_so(tmp_path):
    run = few_run(tmp_path, labelled_photos(tmp_path / "few", 6))
    design(run, 10, [], None)
    assert json.loads(generate(run))["done"] == "made 10 pictures of 10 planned scenes"
    samples = list(run.dataset.samples())
    assert sum(len(s.instances) for s in samples) > 8
    for sample in samples:
        picture = read_picture(run.path(sample.image)).astype(int)
        for instance in sample.instances:
            mask = instance.mask(128, 128)
            if mask.sum() > 60:
                red, _, blue = picture[mask].mean(axis=0)
                assert red > 1.5 * blue
    assert "--few" in run.record.engines["copy_paste"]["why"]
    assert samples[0].provenance["background"].endswith(".jpg")


def test_to_classify_photos_are_varied_each_with_its_class(tmp_path):
    run = few_run(tmp_path, class_photos(tmp_path / "few"), "apple", "plum", kind="classify")
    design(run, 16, [], None)
    generate(run)
    samples = list(run.dataset.samples())
    assert len(samples) == 16
    assert {s.label for s in samples} == {"apple", "plum"}
    assert {s.provenance["background"] for s in samples} == {"its own", "drawn by formula"}
    assert len({s.sha256 for s in samples}) == 16
    for sample in samples:
        (instance,) = sample.instances
        assert instance.class_name == sample.label
        red, _, blue = read_picture(run.path(sample.image))[instance.mask(128, 128)].astype(float).mean(axis=0)
        assert (red > 1.3 * blue) == (sample.label == "apple")


def test_a_thing_that_nothing_draws_is_defined_by_its_photos(tmp_path):
    run = few_run(tmp_path, labelled_photos(tmp_path / "few", 6, names=("zorb",)))
    run.record.task, run.record.approved, run.auto_approve = None, False, True
    answer = json.loads(define(run, Wanted(kind="detect", classes=[ClassArgument(name="zorb")], images=30)))
    assert "6 photos of --few are training material: they are never measured on" in answer["notes"]
    assert run.task.class_names == ["zorb"]
    assert str(tmp_path / "few") in plan_for_person(run)["learns from"]
    assert json.loads(design(run, 12, [], None))["next"] == "generate_images"
    assert {o.drawn_as for s in run.dataset.scenes() for o in s.objects} == {"zorb"}


def test_the_report_says_what_was_learnt_from_and_paid(tmp_path):
    run = make_run(tmp_path / "r")
    run.record.few, run.record.totals["money"] = "/photos/mine", 1.5
    write_report(run)
    for name in ("report.md", "report.html"):
        text = (run.folder / name).read_text()
        assert "/photos/mine are training material by the user" in text
        assert "cost $1.50" in text
    assert "--few /photos/mine" in (run.folder / "report.md").read_text()


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_photo_that_judges_is_left_out_and_told(tmp_path):
    few = labelled_photos(tmp_path / "few", 8)
    real = tmp_path / "real"
    write_picture(real / "other.png", ground(160, 999))
    assert not check_apart(few, real).left_out
    shutil.copy(few / "p3.png", real / "renamed.png")
    write_picture(real / "again.jpg", read_picture(few / "p1.png"))  # saved again: other bytes, the same picture
    samples, notes = load_few(few, few_run(tmp_path, few).task, {}, real)
    assert len(samples) == 6 and not {"p1.png", "p3.png"} & {Path(s.image).name for s in samples}
    told = next(n for n in notes if "left out" in n)
    assert "p3.png is the same file as" in told and "p1.png looks the same as" in told and "again.jpg" in told
    assert start_run("apples", Settings(runs_dir=tmp_path / "runs"), few=few, real=real).record.few


def test_a_tile_of_a_photo_that_judges_is_left_out(tmp_path):
    few, real = tmp_path / "few", tmp_path / "real"
    for x in (0, 640):
        write_picture(few / f"DSC_1042_{x}_640.png", ground(160, x))
    write_picture(real / "DSC_1042_0_0.png", ground(160, 7))
    with pytest.raises(StepFailed, match=r"all 2 photos .*DSC_1042_0_640\.png is of the same photo, by its name"):
        start_run("apples", Settings(runs_dir=tmp_path / "runs"), few=few, real=real)
    assert not (tmp_path / "runs").exists()
    write_picture(few / "DSC_1043_0_0.png", ground(160, 8))
    assert len(check_apart(few, real).left_out) == 2


def test_too_few_that_do_not_judge_is_an_error_that_names_those_that_do(tmp_path):
    few = labelled_photos(tmp_path / "few", 5)
    write_picture(tmp_path / "real" / "again.jpg", read_picture(few / "p1.png"))
    with pytest.raises(StepFailed, match=r"4 labelled photos; .* left out.*p1\.png looks the same as .*again\.jpg"):
        load_few(few, few_run(tmp_path, few).task, {}, tmp_path / "real")


@pytest.mark.parametrize(
    ("photos", "names", "words"),
    [
        (4, ("apple",), "4 labelled photos; --few needs at least 5"),
        (6, ("apple", "pear"), "no photo is labelled 'pear'"),
    ],
)
def test_too_little_is_refused(tmp_path, photos, names, words):
    folder = labelled_photos(tmp_path / "few", photos)
    with pytest.raises(StepFailed, match=words):
        load_few(folder, few_run(tmp_path, folder, *names).task, {}, None)


def test_more_than_fifty_are_cut_to_fifty(tmp_path):
    folder = labelled_photos(tmp_path / "few", 53, size=96)
    samples, notes = load_few(folder, few_run(tmp_path, folder).task, {}, None)
    assert len(samples) == 50
    assert "50 of 53 photos of --few are used" in notes


def test_a_class_that_cannot_be_cut_out_is_named(tmp_path):
    folder = labelled_photos(tmp_path / "few", 5)
    task = few_run(tmp_path, folder).task
    samples, _ = read_photos(folder, task)
    for sample in samples:
        sample.instances = [i.model_copy(update={"box": (5.0, 5.0, 15.0, 15.0)}) for i in sample.instances]
    with pytest.raises(StepFailed, match="no 'apple' in the photos of --few could be cut out"):
        prepare_few(tmp_path / "made", samples, task, 128, lambda done, total: None)


def test_the_flag_chooses_the_engine_unless_the_user_did(tmp_path):
    few = labelled_photos(tmp_path / "few", 6)
    settings = Settings(runs_dir=tmp_path / "runs")
    run = start_run("apples", settings, few=few)
    assert (run.settings.generator, run.record.few) == ("copy_paste", str(few.resolve()))
    named = start_run("apples", Settings(runs_dir=tmp_path / "runs", generator="blender"), few=few)
    assert named.settings.generator == "blender"
    with pytest.raises(FixArguments, match=r"--few .*there is no such folder"):
        start_run("apples", settings, few=tmp_path / "nowhere")
