"""Corrections by a person: versioned, taken back, used; the queue; masks from clicks."""

import numpy as np
import pytest

from tests.runs import make_run
from tests.tools import checkpoints
from tools.annotators.prompted_mask import Prompt, by_segmenter, load_sam, mask_of, sam_of
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.images import read_image
from tools.data.sample import mask_box
from tools.page import review


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "r", rounds=1, names=("apple", "lemon"))


@pytest.fixture
def sample(run):
    return next(s for s in run.dataset.samples(verdict="kept") if len(s.instances) > 1)


def square(sample):
    mask = np.zeros((sample.height, sample.width), bool)
    mask[10:30, 12:40] = True
    return mask


CHANGES = {
    "accept": (lambda d, s: review.accept(d, s), lambda b, a: a.verdict == "kept"),
    "reject": (lambda d, s: review.reject(d, s), lambda b, a: a.verdict == "dropped" and "person" in a.reasons[0]),
    "relabel": (
        lambda d, s: review.relabel(d, s, 0, "lemon"),
        lambda b, a: (a.instances[0].class_name, a.instances[0].source) == ("lemon", "human"),
    ),
    "delete": (lambda d, s: review.delete(d, s, 0), lambda b, a: a.instances == b.instances[1:]),
    "draw": (
        lambda d, s: review.add(d, s, square(s), "lemon"),
        lambda b, a: a.instances[:-1] == b.instances and a.instances[-1].box == (12, 10, 40, 30),
    ),
    "redraw": (
        lambda d, s: review.add(d, s, square(s), "lemon", replacing=1),
        lambda b, a: len(a.instances) == len(b.instances) and a.instances[1].source == "human",
    ),
}


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_is_made_counted_and_taken_back(run, sample, action):
    change, right = CHANGES[action]
    change(run.dataset, sample)
    assert right(sample, run.dataset.sample(sample.id))
    assert run.dataset.corrected() == {sample.id}
    assert [c.action for c in run.dataset.corrections()] == [action]
    assert review.undo(run.dataset).sample_id == sample.id
    assert run.dataset.sample(sample.id) == sample
    assert run.dataset.corrected() == set()
    with pytest.raises(FixArguments, match="nothing to take back"):
        review.undo(run.dataset)


def test_changes_are_taken_back_one_by_one(run, sample):
    review.relabel(run.dataset, sample, 0, "lemon")
    between = run.dataset.sample(sample.id)
    review.reject(run.dataset, between)
    review.undo(run.dataset)
    assert run.dataset.sample(sample.id) == between
    review.undo(run.dataset)
    assert run.dataset.sample(sample.id) == sample


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d, s: review.delete(d, s, 99), "no object 100"),
        (lambda d, s: review.delete(d, s, -1), "no object"),
        (lambda d, s: review.relabel(d, s, 0, "  "), "printable"),
        (lambda d, s: review.add(d, s, np.zeros((s.height, s.width), bool), "apple"), "empty"),
        (lambda d, s: review.add(d, s, np.ones((3, 4), bool), "apple"), "the picture"),
        (lambda d, s: review.add(d, s, square(s), "apple", replacing=50), "no object"),
    ],
)
def test_a_wrong_change_is_refused_and_nothing_is_kept(run, sample, change, sentence):
    with pytest.raises(FixArguments, match=sentence):
        change(run.dataset, sample)
    assert run.dataset.sample(sample.id) == sample
    assert run.dataset.corrections() == []


def test_a_dropped_image_that_is_accepted_stays_with_its_family(run):
    dropped = next(run.dataset.samples(verdict="dropped"))
    twin = next(s for s in run.dataset.samples(verdict="kept", split="test"))
    run.dataset._db.execute("UPDATE samples SET family = ? WHERE id = ?", (twin.family, dropped.id))
    review.accept(run.dataset, run.dataset.sample(dropped.id))
    back = run.dataset.sample(dropped.id)
    assert (back.verdict, back.split, back.reasons) == ("kept", "test", [])


def test_the_queue_begins_with_the_least_certain_and_leaves_out_what_was_seen(run, sample):
    labels = [i.model_copy(update={"score": 0.3}) for i in sample.instances]
    run.dataset.set_instances(sample.id, labels)
    assert review.next_samples(run.folder)[0].id == sample.id
    assert review.next_samples(run.folder, skip=[sample.id])[0].id != sample.id
    review.accept(run.dataset, run.dataset.sample(sample.id))
    assert review.next_samples(run.folder)[0].id != sample.id
    assert all(s.verdict != "dropped" for s in review.next_samples(run.folder, 100))


def test_a_click_finds_the_object_under_it(run, sample):
    mask = sample.instances[0].mask(sample.height, sample.width)
    ys, xs = np.nonzero(mask)
    hit = review.object_at(sample, float(xs[0]), float(ys[0]))
    assert hit is not None
    assert sample.instances[hit].mask(sample.height, sample.width)[ys[0], xs[0]]
    empty = ~np.logical_or.reduce([i.mask(sample.height, sample.width) for i in sample.instances])
    ys, xs = np.nonzero(empty)
    assert review.object_at(sample, float(xs[0]), float(ys[0])) is None


# Masks from clicks ----------------------------------------------------------------------------------------------------


def disc(height=200, width=240, centre=(120, 90), radius=40):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    truth = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
    image = np.where(truth[..., None], (200, 40, 40), (60, 120, 60)) + rng.normal(0, 12, (height, width, 3))
    return image.clip(0, 255).astype(np.uint8), truth


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(box=(74, 44, 166, 136)),
        Prompt(box=(166, 136, 74, 44)),  # dragged from the lower right
        Prompt(box=(-50, -50, 170, 140)),  # over the border
        Prompt(inside=[(120, 90)]),
        Prompt(box=(60, 30, 180, 150), inside=[(120, 90)], outside=[(66, 36)]),
    ],
)
def test_a_box_or_a_click_gives_the_mask(prompt):
    image, truth = disc()
    mask = mask_of(image, prompt)
    overlap = (mask & truth).sum() / (mask | truth).sum()
    assert overlap > 0.9
    assert (mask == mask_of(image, prompt)).all()  # the same click, the same mask


def test_on_a_drawn_image_of_a_run(run, sample):
    biggest = max(sample.instances, key=lambda i: (i.box[2] - i.box[0]) * (i.box[3] - i.box[1]))
    truth = biggest.mask(sample.height, sample.width)
    mask = mask_of(read_image(run.folder / sample.image), Prompt(box=mask_box(truth)))
    assert (mask & truth).sum() / (mask | truth).sum() > 0.7


@pytest.mark.parametrize(
    ("prompt", "error"),
    [
        (Prompt(), FixArguments),
        (Prompt(inside=[(999, 5)]), FixArguments),
        (Prompt(box=(5, 5, 5, 5)), FixArguments),
        (Prompt(outside=[(5, 5)]), FixArguments),
    ],
)
def test_a_prompt_without_a_place_is_refused(prompt, error):
    with pytest.raises(error, match=r"click|drag"):
        mask_of(disc()[0], prompt)


def test_where_all_is_of_one_colour_there_is_no_mask():
    with pytest.raises(StepFailed, match="nothing stands out"):
        mask_of(np.full((100, 100, 3), 90, np.uint8), Prompt(box=(20, 20, 60, 60)))


# A segmenter in GrabCut's place -------------------------------------------------------------------------------------


class BoxFiller:
    """Fills the box it is given, and remembers what it was asked."""

    name, version, licence = "filler", "1", "none"

    def __init__(self):
        self.asked = []

    def masks(self, image, boxes, points=None):
        self.asked.append((boxes, points))
        masks = []
        for x1, y1, x2, y2 in boxes:
            mask = np.zeros(image.shape[:2], bool)
            mask[int(y1) : int(y2), int(x1) : int(x2)] = True
            masks.append(mask if mask.any() else None)
        return masks


def test_a_segmenter_gets_the_box_and_every_click():
    filler, image = BoxFiller(), disc()[0]
    mask = mask_of(image, Prompt((10, 20, 50, 60), [(30, 30)], [(12, 22)]), by_segmenter(filler))
    assert filler.asked == [([(10, 20, 50, 60)], [[(30, 30, True), (12, 22, False)]])]
    assert mask.sum() == 40 * 40


def test_for_a_click_alone_a_segmenter_gets_the_box_that_grabcut_finds():
    filler = BoxFiller()
    image, truth = disc()
    y, x = (int(v.mean()) for v in np.nonzero(truth))
    mask_of(image, Prompt(inside=[(x, y)]), by_segmenter(filler))
    ((box,), _) = filler.asked[0]
    assert np.allclose(box, mask_box(truth), atol=3)


@pytest.mark.slow
def test_weights_at_hand_are_taken_and_cut(tmp_path):
    weights = checkpoints.segment_anything(tmp_path / "sam.pth")
    settings = Settings(segmenter="grabcut", sam_model=str(weights))
    assert sam_of(settings) == str(weights)
    assert sam_of(Settings(segmenter="grabcut", sam_model="nobody/nothing")) is None
    mask = load_sam(str(weights), settings)(disc()[0], Prompt((10, 10, 90, 90)))
    assert mask.shape == disc()[0].shape[:2]
    assert mask.dtype == bool


def test_a_pickle_dressed_as_weights_is_refused(tmp_path):
    (tmp_path / "sam.pth").write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(StepFailed, match="no weights of Segment Anything"):
        load_sam(str(tmp_path / "sam.pth"), Settings())
