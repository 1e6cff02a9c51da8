"""Every export is read back by an independent reader: Ultralytics' own loader, pycocotools, an XML parser."""

import contextlib
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from defusedxml import ElementTree as ET

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.dataset import Dataset, file_sha256
from tools.data.images import read_image, write_image
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.runs.runtime import RunContext, RunRecord
from tools.steps import export_dataset as module
from tools.steps.export_dataset import export, export_dataset

SIZE = 96
NAMES = ["apple", 'pear / "crab" <b> & 🍐']


def shapes(seed):
    """Masks of an image: a disc, a ring with a hole, two parts of one object behind a bar, a disc at the border."""
    rng = np.random.default_rng(seed)
    kinds = [rng.integers(4) for _ in range(seed % 4)]
    masks = []
    for place, kind in enumerate(kinds):
        canvas = np.zeros((SIZE, SIZE), np.uint8)
        centre = (15 + 30 * place, int(rng.integers(20, 75))) if kind < 3 else (SIZE - 2, 4)
        cv2.circle(canvas, centre, int(rng.integers(6, 14)), 1, -1)
        if kind == 1:
            cv2.circle(canvas, centre, 3, 0, -1)
        if kind == 2:
            canvas[centre[1] - 2 : centre[1] + 1] = 0
        masks.append(canvas.astype(bool))
    return masks


def make_run(folder, kind="segment", count=16, names=NAMES, bare=False):
    task = TaskSpec(kind=kind, classes=[ClassSpec(name=n) for n in names], budget=Budget(images=1, rounds=1))
    record = RunRecord(name="fruit", request="tell <apples> from pears | now", created="", task=task, approved=True)
    record.engines["shapes"] = {"version": "1.2", "licence": "AGPL-3.0-or-later", "why": "asked for"}
    folder.mkdir(exist_ok=True)
    run = RunContext(folder, record, Settings())
    for i in range(count):
        image = (np.random.default_rng(i).random((SIZE, SIZE, 3)) * 255).astype(np.uint8)
        instances = [
            Instance(class_name=names[(i + k) % len(names)], box=mask_box(m), counts=encode_mask(m))
            for k, m in enumerate(shapes(i))
        ]  # fmt: skip
        write_image(folder / "tmp.png", image)
        sample = Sample(
            id=f"s{i:03d}", scene_id=f"c{i}", image=f"images/s{i:03d}.png", width=SIZE, height=SIZE, family=f"f{i}",
            sha256=file_sha256(folder / "tmp.png"), split=("train", "train", "val", "test")[i % 4], engine="shapes",
            verdict="dropped" if i == 1 else "kept", axes={"light": ("sun", "shade")[i % 2]},
            label=None if bare or i == 2 else names[i % len(names)], instances=[] if bare else instances,
        )  # fmt: skip
        run.dataset.add_sample(sample, folder / "tmp.png")
    return run


def kept(run):
    return list(run.dataset.samples(verdict="kept"))


def true_masks(run):
    return {s.id: [(i.class_name, i.mask(SIZE, SIZE)) for i in s.instances] for s in kept(run)}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"))
    answer = json.loads(export(run))
    return run, run.folder / "export", answer


def test_says_what_went_out_and_what_was_lost(exported):
    run, folder, answer = exported
    labels = sum(len(s.instances) for s in kept(run))
    assert answer["done"].startswith(f"15 pictures with {labels} labels")
    assert f"{labels} masks not stored" in answer["lost"]["voc"] and "joined by a line" in answer["lost"]["yolo"]
    assert not {"coco", "cvat"} & set(answer["lost"])
    assert set(run.record.exports["dataset"]) == {"yolo", "coco", "voc", "cvat"}
    assert json.loads((run.folder / "run.json").read_text())["exports"]["dataset"]["coco"]["images"] == 15
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == [owned.MANIFEST]


def test_pycocotools_reads_the_same_masks(exported):
    from pycocotools.coco import COCO

    run, folder, _ = exported
    truth, seen = true_masks(run), 0
    for split in ("train", "val", "test"):
        with contextlib.redirect_stdout(io.StringIO()):
            data = COCO(str(folder / f"dataset_coco/annotations/instances_{split}.json"))
        names = {c["id"]: c["name"] for c in data.dataset["categories"]}
        assert names == dict(enumerate(NAMES, 1))
        for image in data.dataset["images"]:
            assert (folder / "dataset_coco/images" / split / image["file_name"]).is_file()
            labels = data.loadAnns(data.getAnnIds(imgIds=image["id"]))
            wanted = truth[Path(image["file_name"]).stem]
            assert [names[a["category_id"]] for a in labels] == [name for name, _ in wanted]
            for label, (_, mask) in zip(labels, wanted, strict=True):
                assert (data.annToMask(label).astype(bool) == mask).all() and label["area"] == mask.sum()
            seen += 1
    assert seen == 15


@pytest.fixture(autouse=True)
def _no_installs(monkeypatch):
    monkeypatch.setenv("YOLO_AUTOINSTALL", "false")  # Ultralytics would run pip for a file that Pillow does not know


def load_yolo(folder, split, task):
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.data.utils import check_det_dataset

    data = check_det_dataset(str(folder / "data.yaml"), autodownload=False)
    return data, YOLODataset(img_path=data[split], data=data, task=task, augment=False, imgsz=SIZE)


def test_ultralytics_reads_every_image_and_the_same_masks(exported):
    from ultralytics.data.utils import polygon2mask

    run, folder, _ = exported
    truth, images, ious = true_masks(run), 0, []
    for split in ("train", "val", "test"):
        data, loaded = load_yolo(folder / "dataset_yolo", split, "segment")
        assert data["names"] == dict(enumerate(NAMES))
        for entry in loaded.labels:  # an image that it takes for corrupt would not be here
            wanted = truth[Path(entry["im_file"]).stem]
            assert len(entry["segments"]) == len(entry["cls"]) == len(wanted)
            assert sorted(NAMES[int(c)] for c in entry["cls"][:, 0]) == sorted(name for name, _ in wanted)
            for segment, (_, mask) in zip(entry["segments"], wanted, strict=True):
                painted = polygon2mask((SIZE, SIZE), [(segment * SIZE).reshape(-1)]).astype(bool)
                ious.append((painted & mask).sum() / (painted | mask).sum())
            images += 1
    assert images == 15
    assert min(ious) > 0.9 and sum(iou == 1 for iou in ious) > 0.7 * len(ious)  # parts are joined by a line


def test_ultralytics_reads_boxes_to_detect(tmp_path):
    run = make_run(tmp_path, "detect")
    answer = json.loads(export(run, ["yolo", "cvat"]))
    assert "masks not stored" in answer["lost"]["yolo"]
    truth = {s.id: [i.box for i in s.instances] for s in kept(run)}
    for split in ("train", "val", "test"):
        _, loaded = load_yolo(run.folder / "export/dataset_yolo", split, "detect")
        for entry in loaded.labels:
            cx, cy, w, h = (entry["bboxes"] * SIZE).T
            found = sorted(zip(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, strict=True))
            assert np.allclose(found, sorted(truth.pop(Path(entry["im_file"]).stem)), atol=0.01)
    assert not truth
    shapes = ET.parse(run.folder / "export/dataset_cvat/annotations.xml").getroot().findall("image/*")
    assert {e.tag for e in shapes} == {"box"}


def test_a_broken_image_is_named_also_after_ultralytics_has_patched_pillow(tmp_path):
    import ultralytics.utils.patches  # noqa: F401

    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(StepFailed, match=r"a\.png: not a readable picture"):
        read_image(tmp_path / "a.png")


def test_an_xml_parser_reads_voc(exported):
    run, folder, _ = exported
    truth = {s.id: s for s in kept(run)}
    files = sorted((folder / "dataset_voc/Annotations").glob("*.xml"))
    assert len(files) == 15
    for path in files:
        root, sample = ET.parse(path).getroot(), truth[path.stem]
        assert (folder / "dataset_voc/JPEGImages" / root.findtext("filename")).is_file()
        found = [(o.findtext("name"), *(int(o.findtext(f"bndbox/{k}")) for k in ("xmin", "ymin", "xmax", "ymax")))
                 for o in root.iter("object")]  # fmt: skip
        assert found == [(i.class_name, *i.box) for i in sample.instances]
    listed = [(folder / f"dataset_voc/ImageSets/Main/{s}.txt").read_text().split() for s in ("train", "val", "test")]
    assert sorted(stem for part in listed for stem in part) == sorted(truth)


def cvat_mask(shape):
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    if shape.tag == "polygon":  # filled by pixel centres, four times finer than needed
        points = np.array([[float(v) for v in p.split(",")] for p in shape.get("points").split(";")])
        fine = np.zeros((SIZE * 4, SIZE * 4), np.uint8)
        cv2.fillPoly(fine, [np.round(points * 4).astype(np.int32)], 1)
        return fine[2::4, 2::4].astype(bool)
    left, top, width, height = (int(shape.get(k)) for k in ("left", "top", "width", "height"))
    pixels = []
    for i, run_length in enumerate(shape.get("rle").split(",")):
        pixels += [i % 2] * int(run_length)
    canvas[top : top + height, left : left + width] = np.array(pixels).reshape(height, width)
    return canvas.astype(bool)


def test_an_xml_parser_reads_cvat(exported):
    run, folder, _ = exported
    truth = true_masks(run)
    root = ET.parse(folder / "dataset_cvat/annotations.xml").getroot()
    assert root.findtext("version") == "1.1"
    assert [e.text for e in root.iterfind("meta/task/labels/label/name")] == NAMES
    kinds = set()
    for image in root.iterfind("image"):
        wanted = truth.pop(Path(image.get("name")).stem)
        assert [s.get("label") for s in image] == [name for name, _ in wanted]
        for shape, (_, mask) in zip(image, wanted, strict=True):
            kinds.add(shape.tag)
            assert (cvat_mask(shape) == mask).all()
    assert not truth and kinds == {"polygon", "mask"}


def test_class_folders_keep_order_and_say_what_is_left_out(tmp_path):
    run = make_run(tmp_path, "classify")
    answer = json.loads(export(run))
    assert "1 pictures of no class left out" in answer["lost"]["folders"]
    folder = run.folder / "export/dataset_folders"
    names = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    assert list(names.values()) == NAMES and list(names) == sorted(names)
    for split in ("train", "val", "test"):
        assert sorted(p.name for p in (folder / split).iterdir()) == list(names)
    for sample in kept(run):
        found = list(folder.glob(f"*/*/{sample.id}.png"))
        assert [names[p.parent.name] for p in found] == ([sample.label] if sample.label else [])
        assert all(p.parent.parent.name == sample.split for p in found)


def test_the_model_sees_formats_and_nothing_else():
    schema = export_dataset.tool_call_schema.model_json_schema()
    assert list(schema["properties"]) == ["formats"] and not schema.get("required")


# The card -----------------------------------------------------------------------------------------------------------


def test_the_card_tells_what_is_in_it(exported):
    run, folder, _ = exported
    labels = sum(len(s.instances) for s in kept(run))
    card = (folder / "README.md").read_text(encoding="utf-8")
    texts = [
        "15 pictures to segment",
        f"{labels} labelled objects",
        "100 % of the pictures are synthetic",
        "1.2",
        "AGPL-3.0-or-later",
        "dataset_voc",
        "masks not stored",
        "| light | shade | 7 |",
        "not accuracy",
    ]
    assert [text for text in texts if text not in card] == []
    assert "<apples>" not in card and "<b>" not in card and "&lt;apples&gt; from pears &#124; now" in card
    counts = [row.split("|")[2:4] for row in card.splitlines() if row.startswith(("| train |", "| all |"))]
    assert [[int(v) for v in row] for row in counts] == [[7, 4], [15, 4]]
    assert "dataset_coco" not in (folder / "dataset_voc/README.md").read_text(encoding="utf-8")


# Again, killed, spoiled ---------------------------------------------------------------------------------------------


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_twice_is_once_and_changed_labels_are_written_anew(tmp_path):
    run = make_run(tmp_path, count=6)
    export(run, ["coco"])
    folder = run.folder / "export/dataset_coco"
    first, written = tree(run.folder / "export"), (folder / "annotations/instances_train.json").stat().st_mtime_ns
    export(run, ["coco"])
    assert tree(run.folder / "export") == first
    assert (folder / "annotations/instances_train.json").stat().st_mtime_ns == written
    run.dataset.set_instances("s003", [])
    export(run, ["coco"])
    assert tree(run.folder / "export") != first
    assert [p.name for p in (run.folder / "export").iterdir() if p.name.startswith("dataset")] == ["dataset_coco"]


@pytest.mark.parametrize("format", ["yolo", "coco", "voc", "cvat"])
@pytest.mark.parametrize("stop_at", [0, 3, 11])
def test_broken_off_anywhere_it_ends_the_same(tmp_path, monkeypatch, format, stop_at):
    run = make_run(tmp_path, count=6)
    export(run, [format])
    wanted = tree(run.folder / "export")
    run.dataset.set_instances("s003", [])
    left = stop_at

    def interrupted():
        nonlocal left
        left -= 1
        if left < 0:
            raise Stopped("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(run, "check_stop", interrupted)
        with contextlib.suppress(Stopped):
            export(run, [format])
    run.dataset.set_instances(
        "s003", next(s for s in kept(make_run(tmp_path / "twin", count=6)) if s.id == "s003").instances
    )
    export(run, [format])
    assert tree(run.folder / "export") == wanted


@pytest.mark.parametrize("moment", ["before the old is moved", "between the two moves"])
def test_killed_while_it_is_put_into_place(tmp_path, monkeypatch, moment):
    run = make_run(tmp_path, count=6)
    export(run, ["yolo"])
    run.dataset.set_instances("s003", [])
    real_replace, calls = Path.replace, []

    def killed(self, target):
        if self.is_dir():
            calls.append(self)
            if len(calls) > (0 if moment == "before the old is moved" else 1):
                raise KeyboardInterrupt
        return real_replace(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", killed)
        export(run, ["yolo"])
    export(run, ["yolo"])
    folder = run.folder / "export/dataset_yolo"
    assert (folder / "labels/test/s003.txt").read_text() == "" and (folder / "data.yaml").is_file()
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith(".")] == [owned.MANIFEST]


CHANGES = {
    "a note": lambda folder: (folder / "my notes.md").write_text("mine"),
    "its card": lambda folder: (folder / "README.md").write_text("mine"),
    "a label": lambda folder: next(folder.rglob("*.xml")).write_text("<annotation>mine</annotation>"),
    "a label of the same length": lambda folder: _swap(next(folder.rglob("*.xml"))),
}


def _swap(path):
    path.write_text(path.read_text().replace("<", ">", 1))


@pytest.mark.parametrize("what", CHANGES)
def test_what_the_person_put_there_or_changed_is_left_alone(tmp_path, what):
    change = CHANGES[what]
    run = make_run(tmp_path, count=6)
    export(run, ["voc"])
    folder = run.folder / "export/dataset_voc"
    change(folder)
    changed = tree(folder)
    export(run, ["voc"])
    wrote_beside = folder.with_name("dataset_voc-2").is_dir()
    assert wrote_beside == (what not in ("a note", "its card"))  # the labels are as they were: nothing to write
    run.dataset.set_instances("s003", [])
    for _ in range(2):
        export(run, ["voc"])
        assert tree(folder) == changed
        assert run.record.exports["dataset"]["voc"]["folder"] == "export/dataset_voc-2"
    names = {p.name for p in (run.folder / "export").iterdir()}
    assert names == {"dataset_voc", "dataset_voc-2", "README.md", owned.MANIFEST}


def test_a_card_of_all_formats_that_a_person_wrote_on_is_left_alone(tmp_path):
    run = make_run(tmp_path, count=6)
    export(run, ["voc"])
    card = run.folder / "export" / "README.md"
    export(run, ["coco"])
    assert "dataset_coco" in card.read_text(encoding="utf-8")
    card.write_text("mine")
    export(run, ["yolo"])
    assert card.read_text() == "mine"


def test_a_moved_data_set_still_loads(tmp_path):
    run = make_run(tmp_path, count=8)
    export(run, ["yolo"])
    moved = tmp_path / "else where"
    (run.folder / "export/dataset_yolo").rename(moved)
    assert yaml.safe_load((moved / "data.yaml").read_text())["path"] == ""
    _, loaded = load_yolo(moved, "train", "segment")
    assert len(loaded.labels) == 3


@pytest.mark.parametrize(
    ("spoil", "formats", "raises", "match"),
    [
        (lambda run: None, ["tfrecord"], FixArguments, "Unknown format tfrecord; to segment there are yolo, coco, voc"),
        (lambda run: None, ["folders"], FixArguments, "Unknown format folders"),
        (
            lambda run: run.dataset.update_samples({s.id: {"verdict": "dropped"} for s in run.dataset.samples()}),
            None, FixArguments, "No picture is kept",
        ),
        (
            lambda run: [run.dataset.set_instances(s.id, []) for s in list(run.dataset.samples())],
            None, StepFailed, "None of the 5 kept pictures has a label",
        ),
        (lambda run: (run.folder / "images/s003.png").unlink(), None, StepFailed, r"s003\.png is missing"),
        (lambda run: (run.folder / "export").write_text(""), None, StepFailed, "cannot be written"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_told(tmp_path, spoil, formats, raises, match):
    run = make_run(tmp_path, count=6)
    spoil(run)
    with pytest.raises(raises, match=match):
        export(run, formats)


def test_a_full_disk_keeps_the_old_export(tmp_path, monkeypatch):
    run = make_run(tmp_path, count=6)
    export(run, ["coco"])
    before = tree(run.folder / "export/dataset_coco")
    run.dataset.set_instances("s003", [])

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device", "instances_train.json")

    with monkeypatch.context() as patch, pytest.raises(StepFailed, match=r"the disk of .*dataset_coco .* is full"):
        patch.setattr(Path, "write_text", full)
        patch.setattr(Path, "write_bytes", full)
        patch.setattr(run, "save", lambda: None)
        export(run, ["coco"])
    assert tree(run.folder / "export/dataset_coco") == before


def test_labels_that_somebody_corrects_meanwhile_are_in_the_next_export(tmp_path, monkeypatch):
    run = make_run(tmp_path, "detect")
    labels = {s.id: len(s.instances) for s in kept(run)}
    chosen = next(s for s in kept(run) if s.instances)
    count, corrected = module._unknown_classes, []

    def correct_after(*given):
        found = count(*given)
        if not corrected:
            corrected.append(
                Dataset(tmp_path).correct(chosen.id, "relabel", chosen.model_copy(update={"instances": []}))
            )
        return found

    monkeypatch.setattr(module, "_unknown_classes", correct_after)
    for lost in (0, labels[chosen.id]):
        export(run, ["coco"])
        assert run.record.exports["dataset"]["coco"]["labels"] == sum(labels.values()) - lost
