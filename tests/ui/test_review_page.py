"""Correcting by brush, and the list of what waits, is flagged and done."""

import json

import numpy as np
import pytest

from tests.ui.conftest import words
from tools.data.dataset import Dataset
from tools.data.sample import decode_mask
from tools.page import review
from tools.page.brush import Stroke
from tools.page.images_of import large_image
from ui.clicker import Click
from ui.review import _take
from ui.review_tasks import trail


@pytest.fixture
def looked_at(draw, run):
    """The page in front of an image with an object, and that image."""
    dataset = Dataset(run.folder)
    sample = next(s for s in dataset.samples(verdict="kept") if s.instances and s.instances[0].counts)
    dataset.close()
    return draw("review", "apples", review_first=(str(run.folder), sample.id)), sample


def work_of(page):
    (work,) = page.session_state["review"].values()
    return work


def stroke(page, run, sample, *points, size=6, erase=False):
    """As the browser tells it."""
    _take(run.folder, sample, work_of(page), Click(sample.id, "brush", [], False, (Stroke(points, size, erase),)))
    return page.run()


def as_it_is(run, sample):
    dataset = Dataset(run.folder)
    try:
        return dataset.sample(sample.id)
    finally:
        dataset.close()


def test_what_is_painted_is_kept_as_an_exact_mask(run, looked_at):
    page, sample = looked_at
    page = stroke(page, run, sample, (5, 5))
    page = stroke(page, run, sample, (12, 5), (20, 5))
    painted = work_of(page).mask.copy()
    page.radio(key="mask_class").set_value("<b>lemon</b>")
    page.button(key="keep_mask").click().run()
    drawn = as_it_is(run, sample).instances[-1]
    assert (drawn.class_name, drawn.source) == ("<b>lemon</b>", "human")
    assert (decode_mask(drawn.counts, sample.height, sample.width) == painted).all()
    assert json.loads(trail(run.folder))[-1]["action"] == "draw"


def test_the_mask_of_a_chosen_object_is_mended_and_its_class_stays(run, looked_at):
    page, sample = looked_at
    before = sample.instances[0].mask(sample.height, sample.width)
    ys, xs = np.nonzero(before)
    page.button(key="choose-0").click().run()
    page = stroke(page, run, sample, (xs[0] + 0.5, ys[0] + 0.5), size=3, erase=True)
    page.button(key="keep_mask").click().run()
    mended = as_it_is(run, sample).instances
    after = mended[0].mask(sample.height, sample.width)
    assert len(mended) == len(sample.instances)
    assert mended[0].class_name == sample.instances[0].class_name
    assert 0 < after.sum() < before.sum()
    assert not (after & ~before).any()
    assert json.loads(trail(run.folder))[-1]["action"] == "redraw"


def test_undo_takes_back_strokes_first_and_then_what_is_saved(run, looked_at):
    page, sample = looked_at
    page = stroke(page, run, sample, (5, 5))
    first = work_of(page).mask.copy()
    page = stroke(page, run, sample, (20, 20))
    page.button(key="undo").click().run()
    assert (work_of(page).mask == first).all()
    page.button(key="undo").click().run()
    assert work_of(page).mask is None
    assert page.button(key="undo").disabled
    page = stroke(page, run, sample, (5, 5))
    page.button(key="keep_mask").click().run()
    page.session_state["reviewer"] = "Bo"
    page.button(key="undo").click().run()
    assert as_it_is(run, sample).instances == sample.instances
    last = json.loads(trail(run.folder))[-1]
    assert (last["undone"], last["undone_by"]) == (True, "Bo")
    assert last["undone_time"] >= last["time"]


def test_a_mask_that_is_erased_whole_is_not_kept_and_says_so(run, looked_at):
    page, sample = looked_at
    page = stroke(page, run, sample, (5, 5))
    page = stroke(page, run, sample, (5, 5), size=40, erase=True)
    page.button(key="keep_mask").click().run()
    assert "the mask is empty" in words(page)
    assert as_it_is(run, sample).instances == sample.instances


def test_an_object_that_gets_another_mask_is_not_shown_with_its_old_one(run, looked_at):
    _, sample = looked_at
    nothing = np.zeros((sample.height, sample.width), bool)
    alone = sample.model_copy(update={"instances": sample.instances[1:]})
    shown = large_image(run.folder, sample, ["apple"], pending=nothing, chosen=0)
    assert shown == large_image(run.folder, alone, ["apple"], pending=nothing)


# The list ---------------------------------------------------------------------------------------------------------


def test_the_list_is_in_the_order_of_what_a_second_changes(run):
    dataset = Dataset(run.folder)
    one, two, three, dropped, *_ = [s.id for s in dataset.samples()]
    dataset.update_samples({dropped: {"verdict": "dropped", "reasons": ["blurred"]}})
    before = review.tasks(run.folder, dataset, {three: "disagree", one: "weak"})
    assert before["waits"][:2] == [three, one]
    assert (before["done"], before["flagged"]) == ([], [])
    assert dropped not in before["waits"]
    assert len(set(before["waits"])) == len(before["waits"])
    review.accept(dataset, dataset.sample(one))
    review.flag(dataset, dataset.sample(two), comment="odd")
    after = review.tasks(run.folder, dataset, {three: "disagree", one: "weak"})
    assert (after["done"], after["flagged"], after["waits"][0]) == ([one], [two], three)
    waits = review.tasks(run.folder, dataset, {}, "apple")["waits"]
    dataset.close()
    assert 0 < len(waits) < len(before["waits"])


@pytest.mark.parametrize(("language", "waits"), [("en", "to look at: "), ("zh", "待看: ")])
def test_any_image_can_be_gone_to(draw, run, language, waits):
    page = draw("review", "apples", tasks_open=True, language=language)
    assert waits in words(page)
    shown = work_of(page).sample_id
    page.button(key=f"accept-{shown}").click().run()
    assert work_of(page).sample_id != shown
    page.session_state["review_first"] = (str(run.folder), shown)  # as a press on its image in the list does
    page.run()
    assert work_of(page).sample_id == shown


def test_the_list_of_a_state_in_which_there_is_none_says_so(draw, run):
    page = draw("review", "apples", tasks_open=True)
    page.selectbox(key="tasks_state").set_value("flagged").run()
    assert "None of these." in words(page)
    page.selectbox(key="tasks_class").set_value("apple").run()
    assert "None of these." in words(page)
