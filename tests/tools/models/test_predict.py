"""Predictions at the image's own size, drawn images, and files that cannot be read."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.tools.full import full_after
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import trouble
from tools.data.images import read_image, write_image
from tools.data.sample import Instance, encode_mask
from tools.models import checkpoint
from tools.models.networks import build_network
from tools.models.postprocess import Detections, Letterbox, flipped, image_mask, letterbox, to_image_boxes
from tools.models.predict import Predictor, class_colour, draw, predict_files
from tools.models.tiles import View


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A segmenter that sees something in any image: random weights, with the scores turned up."""
    folder, paths = tmp_path_factory.mktemp("weights"), {}
    for name, architecture in {"segment": "yolo11n-seg", "detect": "yolo11n", "classify": "yolo11n-cls"}.items():
        network = build_network(architecture, ["apple", "pear"], seed=1)
        state = network.state_dict()
        for key in state:
            if ".cv3." in key and key.endswith("2.bias"):
                state[key] += 9
        paths[name] = folder / f"{name}.safetensors"
        checkpoint.save(paths[name], state, architecture=architecture, names=["apple", "pear"], size_px=96)
    return paths


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


class SeesLargeBlobs:
    """A network's stand-in: finds bright blobs, but only those of 8 pixels and more as it sees them."""

    training = False

    def __init__(self):
        self.inputs = []  # the longer side of each image it was shown

    def __call__(self, batch):
        rows = []
        for image in batch.numpy():
            self.inputs.append(max(image.shape[1:]))
            _, _, stats, _ = cv2.connectedComponentsWithStats((image[0] > 0.8).astype(np.uint8))
            found = [s for s in stats[1:] if min(s[2], s[3]) >= 8]
            row = np.zeros((5, 64), np.float32)
            for k, (x, y, w, h, _) in enumerate(found):
                row[:, k] = x + w / 2, y + h / 2, w, h, 0.9
            rows.append(row)
        return (torch.from_numpy(np.stack(rows)),)

    def to(self, _device):
        return self

    def eval(self):
        return self


def test_a_large_image_of_small_things_is_seen_in_tiles():
    image = np.full((1000, 1200, 3), 60, np.uint8)
    centres = [(150, 200), (620, 480), (1100, 900), (330, 770)]
    for x, y in centres:
        image[y - 12 : y + 12, x - 12 : x + 12] = 250
    model = Predictor(SeesLargeBlobs(), "detect", ["blob"], 320)
    found = model.predict(image, 0.3)
    middles = sorted(((i.box[0] + i.box[2]) / 2, (i.box[1] + i.box[3]) / 2) for i in found)
    assert middles == [pytest.approx(c, abs=2) for c in sorted(centres)]  # each once, where it is
    assert model.predict(cv2.resize(image, (640, 533)), 0.3) == []  # not large: seen as a whole, in which all vanish


@pytest.mark.parametrize(
    ("large_px", "shape", "found", "second"),
    [
        (60, (640, 600), 2, 480),  # 30 px as the network sees it: the larger input shows the small one too
        (100, (640, 600), 1, 224),  # 50 px: large enough, and as well seen at a smaller one
        (90, (640, 600), 1, 256),  # 45 px
        (0, (640, 600), 0, None),  # nothing: another look would find what is not there
        (40, (400, 400), 2, 416),  # no larger than the image itself
        (30, (320, 300), 1, 256),
    ],
)
def test_what_is_found_is_looked_at_again_at_a_larger_or_smaller_input(large_px, shape, found, second):
    image = np.full((*shape, 3), 60, np.uint8)
    image[40 : 40 + large_px, 40 : 40 + large_px] = 250
    small = round(7 * shape[0] / 320)  # below the 8 px of which the network sees anything
    image[200 : 200 + small, 200 : 200 + small] = 250
    network = SeesLargeBlobs()
    model = Predictor(network, "detect", ["blob"], 320)
    other = np.full((*shape, 3), 60, np.uint8)
    answers = model.predict_many([other, image, other], 0.3)
    assert [len(a) for a in answers] == [0, found, 0]
    assert sorted(network.inputs) == sorted([320] * 3 + [second] * (second is not None))
    if found:
        middle = 40 + large_px / 2
        (best, *_) = sorted(answers[1], key=lambda i: i.box[0])
        assert ((best.box[0] + best.box[2]) / 2, (best.box[1] + best.box[3]) / 2) == pytest.approx(
            (middle, middle), abs=2
        )


class SeesPartsOfWhatIsLarge(SeesLargeBlobs):
    """Of a blob of 100 pixels and more, as it sees it, only the left upper quarter, and is not sure."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        large = np.minimum(rows[:, 2], rows[:, 3]) >= 100
        rows[:, 0] -= large * rows[:, 2] / 4
        rows[:, 1] -= large * rows[:, 3] / 4
        rows[:, 2:4] /= 1 + large[:, None].float()
        rows[:, 4] = torch.where(large, self.unsure, rows[:, 4])
        return (rows,)

    unsure = 0.1


@pytest.mark.parametrize(
    ("side", "inputs"),
    [
        (60, [320, 224]),  # sure at once
        (180, [320, 160, 224]),  # 90 px at half the size
        (300, [320, 160, 96, 224]),  # 150, 94 px
    ],
)
@pytest.mark.parametrize("scale", [1, 4])  # a photo as a camera takes it: not one tile of it is looked at
def test_what_fills_the_frame_is_looked_at_smaller(side, inputs, scale):
    network = SeesPartsOfWhatIsLarge()
    image = np.full((320 * scale, 320 * scale, 3), 60, np.uint8)
    image[10 * scale : (10 + side) * scale, 10 * scale : (10 + side) * scale] = 250
    model = Predictor(network, "detect", ["blob"], 320)
    (found,) = model.predict(image, 0.3)
    assert found.box == pytest.approx([10 * scale] * 2 + [(10 + side) * scale] * 2, abs=4 * scale)
    assert network.inputs == inputs
    if len(inputs) > 2:
        assert Predictor(network, "detect", ["blob"], 320, closer=False).predict(image, 0.3) == []


def test_where_nothing_is_found_or_hardly_anything_nobody_looks_smaller():
    network = SeesPartsOfWhatIsLarge()
    network.unsure = 0.03
    image = np.full((320, 320, 3), 60, np.uint8)
    model = Predictor(network, "detect", ["blob"], 320)
    assert model.predict(image, 0.001) == []
    image[10:310, 10:310] = 250
    assert len(model.predict(image, 0.001)) == 1
    assert network.inputs == [320, 320]


class SeesTwoKinds(SeesLargeBlobs):
    """Everything it sees could be either of two classes."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        return (torch.cat([rows, rows[:, 4:] * 0.8], dim=1),)


def test_two_looks_do_not_mix_classes():
    image = np.full((640, 640, 3), 60, np.uint8)
    image[40:100, 40:100] = 250
    once, twice = (
        Predictor(SeesTwoKinds(), "detect", ["a", "b"], 320, closer=closer).predict(image, 0.3)
        for closer in (False, True)
    )
    assert [i.class_name for i in twice] == [i.class_name for i in once]
    assert [i.score for i in twice] == pytest.approx([i.score for i in once])


def test_loaded_weights_look_twice(weights):
    assert Predictor.load(weights["detect"]).closer
    assert not Predictor.load(weights["detect"], closer=False).closer


class Wavers(SeesLargeBlobs):
    """At the larger input it is surer, and everything seems to lie a tenth of its width to the right."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        if batch.shape[-1] == 320:
            rows[:, 4] /= 2
        else:
            rows[:, 0] += rows[:, 2] / 10
        return (rows,)


def test_two_looks_give_one_object_whatever_score_is_asked_for():
    image = np.full((640, 640, 3), 60, np.uint8)
    image[40:100, 40:100] = 250
    for least in (0.001, 0.3, 0.6):  # the first look alone would not be sure enough for the last
        (found,) = Predictor(Wavers(), "detect", ["blob"], 320).predict(image, least)
        assert found.box == pytest.approx((44, 40, 104, 100), abs=0.5)  # by scores, two thirds of the way
        assert found.score == pytest.approx(0.9)
    (once,) = Predictor(Wavers(), "detect", ["blob"], 320, closer=False).predict(image, 0.3)
    assert once.score == pytest.approx(0.45)


class SeesTheLeftHalf(SeesLargeBlobs):
    """Blind on its right side."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        rows[:, 4] *= rows[:, 0] < batch.shape[-1] / 2
        return (rows,)


@pytest.mark.parametrize(("scale", "fitted", "second"), [(1, True, 256), (1.5, False, 224), (1.5, True, 224)])
def test_a_second_look_that_is_smaller_is_mirrored(scale, fitted, second):
    image = np.full((100, 320, 3), 60, np.uint8)  # padded: what is mirrored is not the image alone
    sides = [round(40 * scale), round(30 * scale)]
    image[20 : 20 + sides[0], 30:90] = image[40 : 40 + sides[0], 250 : 250 + sides[1]] = 250
    wanted = [(30, 20, 90, 20 + sides[0]), (250, 40, 250 + sides[1], 40 + sides[0])]
    network = SeesTheLeftHalf()
    found = Predictor(network, "detect", ["blob"], 320, fitted=fitted).predict(image, 0.3)
    assert sorted(i.box for i in found) == [pytest.approx(b, abs=2) for b in wanted]
    assert network.inputs == [320, second]
    once = Predictor(network, "detect", ["blob"], 320, fitted=fitted, closer=False)
    assert [i.box for i in once.predict(image, 0.3)] == [pytest.approx(wanted[0], abs=2)]
    network.inputs.clear()
    Predictor(network, "detect", ["blob"], 320, fitted=fitted).predict(np.zeros_like(image), 0.3)
    assert network.inputs == [320]  # nothing is there to look at again


@pytest.mark.parametrize(("score", "finest"), [(0.5, True), (0.3, False)])
def test_the_mask_is_that_of_the_finest_look_which_is_half_as_sure(score, finest):
    def look(gain, score):
        box = np.array([[10, 10, 50, 50]], np.float32)
        found = Detections(box * gain, np.array([score], np.float32), np.zeros(1, np.int64), None)
        return View(found, box, Letterbox(gain, 0, 0, 100, 100), np.ones(1, np.bool_))

    fine, coarse = look(1.0, score), look(0.7, 0.8)
    (seen,) = Predictor(SeesLargeBlobs(), "segment", ["blob"], 320)._together([fine, coarse])
    assert seen.view is (fine if finest else coarse)
    assert seen.score == pytest.approx(0.8)


def test_masks_are_mirrored_with_their_boxes():
    logits = np.full((1, 24, 24), -9, np.float32)
    logits[0, 4:10, 2:8] = 9
    box = np.array([[8, 16, 32, 40]], np.float32)
    there = flipped(Detections(box, np.ones(1, np.float32), np.zeros(1, np.int64), logits), 96)
    assert there.boxes.tolist() == [[64, 16, 88, 40]]
    mask = image_mask(there.logits[0], tuple(there.boxes[0]), Letterbox(1, 0, 0, 96, 96))
    assert mask[18:38, 66:86].all()
    assert not mask[:, :60].any()


@pytest.mark.parametrize(("height", "width"), [(96, 96), (60, 240), (301, 97), (7, 5), (1, 400)])
def test_masks_are_at_native_resolution_inside_their_boxes(weights, height, width):
    found = Predictor.load(weights["segment"]).predict(noise(height, width), 0.3)
    assert found or min(height, width) < 8
    assert [i.score for i in found] == sorted((i.score for i in found), reverse=True)
    for instance in found:
        x1, y1, x2, y2 = instance.box
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        mask = instance.mask(height, width)
        assert mask.shape == (height, width)
        assert mask.any()
        outside = mask.copy()
        outside[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = False
        assert not outside.any()


def test_a_detector_gives_boxes_and_a_classifier_shares(weights):
    found = Predictor.load(weights["detect"]).predict(noise(90, 120), 0.3)
    assert found
    assert all(i.counts is None for i in found)
    shares = Predictor.load(weights["classify"]).classify(noise(90, 120))
    assert list(shares) == ["apple", "pear"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="classify"):
        Predictor.load(weights["classify"]).predict(noise(9, 9), 0.3)
    with pytest.raises(ValueError, match="predict"):
        Predictor.load(weights["detect"]).classify(noise(9, 9))


def test_many_images_of_mixed_shapes_keep_their_order(weights):
    predictor = Predictor.load(weights["segment"])
    images = [noise(96, 96, 1), noise(50, 150, 2), noise(96, 96, 3), noise(50, 150, 4)]
    together = predictor.predict_many(images, 0.4)
    again = predictor.predict_many(images, 0.4)
    assert together == again
    for image, found in zip(images, together, strict=True):
        alone = predictor.predict(image, 0.4)
        # Sums in another order may move a score by a rounding step, and with it what sits on the threshold.
        sure = [i for i in found if i.score > 0.41]
        assert {i.class_name for i in sure} <= {i.class_name for i in alone}
        assert abs(len(alone) - len(found)) <= 2


@pytest.mark.parametrize(("height", "width"), [(100, 160), (160, 100), (64, 64), (33, 400)])
def test_letterbox_and_back(height, width):
    padded, box = letterbox(noise(height, width), 96)
    assert padded.shape[0] % 32 == 0 and padded.shape[1] % 32 == 0
    corners = np.array([[10, 5, 30, 25]], np.float32)
    there = corners * box.gain + np.array([box.left, box.top] * 2, np.float32)
    assert to_image_boxes(there, box) == pytest.approx(corners, abs=1e-3)


def test_a_mask_lands_where_its_logits_are():
    # The input is 64 px, the prototypes 16 px: logits positive in the left half are the image's left half.
    logits = np.full((16, 16), -5, np.float32)
    logits[:, :8] = 5
    mask = image_mask(logits, (0, 0, 128, 128), Letterbox(0.5, 0, 0, 128, 128))
    assert mask[:, :60].all()
    assert not mask[:, 68:].any()
    assert abs(int(mask[64].sum()) - 64) <= 1
    clipped = image_mask(logits, (10.4, 20, 30, 40), Letterbox(0.5, 0, 0, 128, 128))
    assert clipped.sum() == 20 * 20


def instance(name, height, width, box, score=0.9):
    mask = np.zeros((height, width), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return Instance(class_name=name, box=box, counts=encode_mask(mask), score=score)


def test_drawing_leaves_the_image_alone_and_marks_the_mask():
    image = np.full((80, 120, 3), 100, np.uint8)
    drawn = draw(image, [instance("apple", 80, 120, (30, 30, 60, 60))], ["apple"], labels=False)
    assert (image == 100).all()
    assert (drawn[45, 45] != 100).any()
    assert (drawn[5, 5] == 100).all()
    edge = np.abs(drawn[30, 45].astype(int) - class_colour("apple", ["apple"]))
    assert edge.max() < 40  # the outline, smoothed


@pytest.mark.parametrize("name", ["apple", "苹果", "x" * 300, "a/b 'c' \"d\"", "🍎"])
@pytest.mark.parametrize("size", [(80, 120), (3, 3), (12, 400)])
def test_any_name_and_size_can_be_labelled(name, size):
    image = np.zeros((*size, 3), np.uint8)
    box = (0, 0, max(1, size[1] // 2), max(1, size[0] // 2))
    drawn = draw(image, [instance(name, *size, box), Instance(class_name=name, box=box)], [name])
    assert drawn.shape == image.shape
    assert drawn.any()


def test_colours_of_classes_differ():
    names = [f"class {i}" for i in range(8)]
    assert len({class_colour(n, names) for n in names}) == 8


@pytest.mark.parametrize("kind", ["segment", "detect", "classify"])
def test_files_and_folders_are_predicted_and_broken_ones_recorded(weights, tmp_path, kind):
    for folder in ("a", "b"):
        write_image(tmp_path / folder / "same.png", noise(60, 80))
    (tmp_path / "a" / "broken.jpg").write_bytes(b"not a picture")
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    images = [tmp_path / "a", tmp_path / "b" / "same.png", tmp_path / "gone.png"]
    result = predict_files(weights[kind], images, tmp_path / "out", 0.4)

    assert result["pictures"] == 2
    assert set(result["broken"]) == {str(tmp_path / "a" / "broken.jpg"), str(tmp_path / "gone.png")}
    written = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert len(written["pictures"]) == 4
    good = [p for p in written["pictures"] if "error" not in p]
    assert [p["drawn"] for p in good] == ["same.jpg", "same-2.jpg"]
    for entry in good:
        assert read_image(tmp_path / "out" / entry["drawn"]).shape == (60, 80, 3)
        if kind == "classify":
            assert entry["class"] in ("apple", "pear")
        else:
            assert entry["instances"]
            assert ("mask" in entry["instances"][0]) == (kind == "segment")


@pytest.mark.parametrize(
    ("doubted", "sure", "nothing", "unsure"),
    [
        (3, 1, 0, {"empty": 3, "surest": 0.1}),
        (2, 1, 1, {"empty": 3, "surest": 0.1}),
        (1, 3, 0, None),  # mostly it is sure
        (1, 0, 3, None),  # mostly there is nothing
        (0, 2, 2, None),
    ],
)
def test_what_is_seen_and_not_sure_enough_is_told(tmp_path, monkeypatch, doubted, sure, nothing, unsure):
    model = Predictor(SeesPartsOfWhatIsLarge(), "detect", ["blob"], 320, closer=False)
    monkeypatch.setattr(Predictor, "load", lambda *_a, **_k: model)
    for number, side in enumerate([200] * doubted + [60] * sure + [0] * nothing):
        image = np.full((320, 320, 3), 60, np.uint8)
        image[10 : 10 + side, 10 : 10 + side] = 250
        write_image(tmp_path / "photos" / f"{number}.png", image)
    result = predict_files(Path("none.safetensors"), [tmp_path / "photos"], tmp_path / "out", 0.3)
    assert result["instances"] == sure
    assert result["unsure"] == unsure
    told = [e.get("surest") for e in json.loads((tmp_path / "out" / "predictions.json").read_text())["pictures"]]
    assert told == [0.1] * doubted + [None] * (sure + nothing)


def test_nothing_to_predict_is_an_error(weights, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FixArguments, match="no pictures in"):
        predict_files(weights["detect"], [tmp_path / "empty"], tmp_path / "out", 0.5)
    with pytest.raises(StepFailed, match="none of the 1 pictures"):
        predict_files(weights["detect"], [tmp_path / "gone.png"], tmp_path / "out", 0.5)


class Blank:
    """Finds nothing, at once."""

    kind, names = "detect", ["apple"]

    def predict(self, _image, _confidence):
        return []


@pytest.fixture
def blank(monkeypatch):
    monkeypatch.setattr(Predictor, "load", lambda *_a, **_k: Blank())
    return Path("none.safetensors")


def test_an_image_of_the_person_is_never_drawn_over(tmp_path, blank):
    """The place of the results may be the very folder of the photos."""
    photo = tmp_path / "photo.jpg"
    write_image(photo, noise(40, 60))
    before = photo.read_bytes()
    for _ in range(2):
        predict_files(blank, [photo], tmp_path, 0.5)
        assert photo.read_bytes() == before
        names = sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("."))
        assert names == ["photo-2.jpg", "photo.jpg", "predictions.json"]
    (tmp_path / "photo-2.jpg").write_text("mine")
    predict_files(blank, [photo], tmp_path, 0.5)
    assert (tmp_path / "photo-2.jpg").read_text() == "mine" and (tmp_path / "photo-3.jpg").is_file()
    (tmp_path / "predictions.json").write_text("{}")
    with pytest.raises(FixArguments, match=r"predictions\.json in it"):
        predict_files(blank, [photo], tmp_path, 0.5)


def test_photos_of_kinds_that_are_not_read_are_named(tmp_path, blank):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "photos" / name, noise(20, 20))
    for name in ("raw.DNG", "drawing.svg", ".hidden.dng", "notes.txt"):
        (tmp_path / "photos" / name).write_bytes(b"?")
    result = predict_files(blank, [tmp_path / "photos"], tmp_path / "out", 0.5)
    assert result["pictures"] == 2
    assert {Path(name).name: why.split(": ")[-1] for name, why in result["broken"].items()} == {
        "raw.DNG": "raw camera files are not read; save it as JPEG or PNG",
        "drawing.svg": ".svg files are not read; save it as JPEG or PNG",
    }


def test_names_that_are_no_text_or_too_long_lose_nothing(tmp_path, blank):
    folder = tmp_path / "photos"
    for name in (b"r\xe9colte.png", b"x" * 250 + b".png", b"plain.png"):
        write_image(tmp_path / "one.png", noise(20, 20))
        folder.mkdir(exist_ok=True)
        (tmp_path / "one.png").rename(folder / os.fsdecode(name))
    result = predict_files(blank, [folder], tmp_path / "out", 0.5)
    assert result["pictures"] == 3
    told = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))["pictures"]
    assert {os.fsencode(Path(e["file"]).name)[:3] for e in told} == {b"r\xe9c", b"xxx", b"pla"}
    assert all((tmp_path / "out" / e["drawn"]).is_file() for e in told)


def test_a_full_disk_at_any_write_is_said_and_the_same_call_goes_on(tmp_path, blank, monkeypatch):
    for k in range(2):
        write_image(tmp_path / "photos" / f"{k}.png", noise(20, 20, seed=k))

    def predict(name):
        return predict_files(blank, [tmp_path / "photos"], tmp_path / name, 0.5)

    with full_after(monkeypatch, 1000) as writes:
        wanted = predict("calm")
    assert len(writes) >= 3
    for number in range(len(writes)):
        with full_after(monkeypatch, number), pytest.raises(OSError) as told:
            predict(f"out{number}")
        assert "is full" in trouble(told.value, tmp_path)
        assert predict(f"out{number}")["pictures"] == wanted["pictures"]
        names = [sorted(p.name for p in (tmp_path / n).iterdir()) for n in ("calm", f"out{number}")]
        assert names[0] == names[1]


def test_what_exports_of_earlier_versions_say_still_runs():
    from tools import predict

    assert predict.Predictor is Predictor
