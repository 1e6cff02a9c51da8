"""Try it: many photos, the count on top, outlines, the result to keep; "wrong: teach it" leads to the review."""

import json
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from agent import detached
from tests.ui.conftest import words
from tools.core.settings import Settings
from tools.data.dataset import Dataset
from tools.data.images import decode_image
from tools.data.sample import Instance, encode_mask
from tools.page.browse import WAITS
from tools.runs.photo_sets import bring_bare
from ui import results


class Reds:
    """Finds what is red, the larger the surer."""

    kind = "segment"
    names = ("apple",)

    def predict(self, image, confidence):
        red = ((image[..., 0] > 150) & (image[..., 1] < 90)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(red)
        found = []
        for n in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[n])
            found.append(Instance(class_name="apple", box=(x, y, x + w, y + h), counts=encode_mask(labels == n),
                                  score=min(0.99, area / 2000), source="model"))  # fmt: skip
        return [i for i in found if i.score >= confidence]


@pytest.fixture(autouse=True)
def model(monkeypatch):
    monkeypatch.setattr(results, "model_of", lambda folder, record: Reds())


@pytest.fixture(autouse=True)
def spawned(monkeypatch):
    calls = []
    monkeypatch.setattr(detached, "_spawn", lambda folder, arguments, secrets: calls.append((folder.name, arguments)))
    return calls


def photo(*radii, suffix="PNG"):
    image = np.full((120, 60 * max(1, len(radii)), 3), 120, np.uint8)
    for n, radius in enumerate(radii):
        cv2.circle(image, (30 + 60 * n, 60), radius, (210, 30, 30), -1)
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, suffix)
    return buffer.getvalue()


def bring(test, *contents):
    files = [(f"{n}.png", content, "image/png") for n, content in enumerate(contents)]
    return test.file_uploader(key="try_photo").set_value(files).run()


def test_the_count_stands_on_top_and_follows_how_sure_it_must_be(draw, run):
    test = bring(draw("tryit", "apples"), photo(26, 26), photo(12))
    said = words(test)
    assert "2 apples" in said  # the small one is not sure enough
    assert "in 2 pictures together" in said
    assert not test.toggle(key="try_labels").value
    test.slider(key="try_confidence").set_value(5).run()
    assert "3 apples" in words(test)
    assert test.get("download_button")[0].proto.label == "Save the results"


def test_what_is_seen_and_not_sure_enough_is_told_with_the_value_that_shows_it(draw, run):
    hint = "is not that sure"
    assert hint not in words(bring(draw("tryit", "apples"), photo(26), photo(26), photo(12)))  # mostly it is sure
    test = bring(draw("tryit", "apples"), photo(12), photo(12), photo(26))
    percent = int(100 * max(i.score for i in Reds().predict(decode_image(photo(12), "p.png"), 0)))
    assert f"At {percent} % it shows it, right or wrong." in words(test)
    test.slider(key="try_confidence").set_value(percent).run()
    assert "3 apples" in words(test) and hint not in words(test)
    assert hint not in words(bring(draw("tryit", "apples"), photo(), photo()))  # nothing there


def test_a_photo_that_is_broken_costs_itself_alone(draw, run):
    test = bring(draw("tryit", "apples"), photo(26), b"no picture at all")
    said = words(test)
    assert "1 apple" in said
    assert "ss-error" in said


def test_what_is_wrong_is_taught_reviewed_and_learnt_by_a_press(draw, run, spawned):
    test = bring(draw("tryit", "apples"), photo(26, 26))
    next(b for b in test.button if b.label == "Wrong: teach it").click().run()
    assert not test.exception
    folder, name = test.session_state["review_first"]
    assert Path(folder) == run.folder

    page = draw("review", "apples", review_first=(folder, name))
    said = words(page)
    assert "You said that it was wrong here." in said
    page.button(key="delete-0").click().run()
    page.text_input(key=f"comment-{name}").input("a leaf")
    page.button(key=f"accept-{name}").click().run()
    dataset = Dataset(run.folder)
    kept = dataset.sample(name)
    assert (kept.verdict, kept.split, len(kept.instances)) == ("kept", "train", 1)
    assert [(t["action"], t["comment"]) for t in dataset.audit_trail()] == [("delete", ""), ("accept", "a leaf")]
    dataset.close()
    page.button(key="learn_now").click().run()
    assert spawned == [("apples", ["resume", "apples", "--more-rounds=1"])]


def test_a_taught_photo_that_nobody_accepted_is_out_of_everything(draw, run):
    test = bring(draw("tryit", "apples"), photo(26))
    next(b for b in test.button if b.label == "Wrong: teach it").click().run()
    dataset = Dataset(run.folder)
    waiting = [s for s in dataset.samples() if s.reasons == [WAITS]]
    assert len(waiting) == 1
    assert waiting[0].id not in {s.id for s in dataset.samples(verdict="kept")}
    dataset.close()


def test_a_set_that_was_brought_is_labelled_by_the_model(draw, run, runs_dir):
    files = [(f"{n}.png", BytesIO(photo(20 + n))) for n in range(2)]
    about = bring_bare(files, runs_dir, "mine", "apple", Settings())
    test = draw("tryit", "apples")
    test.button(key="label_now").click().run()
    assert "2 photos are labelled" in words(test)
    dataset = Dataset(runs_dir / ".photos" / about.name)
    assert [len(s.instances) for s in dataset.samples()] == [1, 1]
    dataset.close()
    labels = [b.proto.label for b in test.get("download_button")]
    assert "Take the labels (COCO)" in labels


def test_a_video_is_looked_at_frame_by_frame(draw, run, tmp_path):
    path = tmp_path / "film.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (120, 120))
    for n in range(40):
        frame = np.full((120, 120, 3), 120, np.uint8)
        for place in ((30, 60), (90, 60))[: 1 + (n > 20)]:
            cv2.circle(frame, place, 26, (30, 30, 210), -1)  # BGR
        video.write(frame)
    video.release()
    test = draw("tryit", "apples", try_source="video")
    test.file_uploader(key="try_video_file").set_value(("film.avi", path.read_bytes(), "video/x-msvideo")).run()
    said = words(test)
    assert "2 apples" in said
    assert "at most at once" in said


def test_the_camera_is_offered(draw, run):
    test = draw("tryit", "apples", try_source="camera")
    assert not test.exception
    assert test.get("camera_input")


def test_the_trail_can_be_taken_as_json(draw, run):
    page = draw("review", "apples", reviewer="Ann")
    next(b for b in page.button if b.label == "Flag").click().run()
    assert "Only flagged (1)" in [t.label for t in page.toggle]
    from ui.review_tasks import trail

    (entry,) = json.loads(trail(run.folder))
    assert (entry["reviewer"], entry["action"], entry["flagged"]) == ("Ann", "flag", True)
    page.toggle(key="only_flagged").set_value(True).run()
    assert "Flagged: somebody should look again." in words(page)
