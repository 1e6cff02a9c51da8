"""Which photos a model may have labelled, and what the person sees before any is read."""

import pytest

from tests.pipeline import new_run
from tests.tools.label.colour_engine import ColourEngine, write
from tools.core.errors import FixArguments, StepFailed
from tools.label import tool
from tools.runs import runtime
from tools.runs.allowed_photos import allowed_model, allowed_photos
from tools.runs.photo_sets import photos_folder


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run in a folder with photos of several owners."""
    monkeypatch.chdir(tmp_path)
    for name in ("orchard", "orchard/may", "secret", "photos"):
        write(tmp_path / name, "private_name.png", ("apple", 10, 10))
    (tmp_path / "orchard" / "door").symlink_to(tmp_path / "secret")
    write(photos_folder(tmp_path / "runs") / "mine" / "images", "a.png", ("apple", 10, 10))
    return new_run(tmp_path / "runs")


@pytest.mark.parametrize(
    ("request_text", "wanted", "allowed"),
    [
        ("label the apples in {here}/orchard", "{here}/orchard", True),
        ("label the apples in {here}/orchard.", "{here}/orchard/may", True),
        ('label the apples in "{here}/orchard/"', "{here}/orchard", True),
        ("把{here}/orchard里的苹果标注出来", "{here}/orchard", True),
        ("label apples in ./orchard", "./orchard", True),
        ("label apples in orchard/may", "orchard/may", True),
        ("label apples", "{here}/secret", False),
        ("label apples", "mine", True),  # a set that was uploaded
        ("label apples in {here}/orchard", "{here}/secret", False),
        ("label apples in {here}/orchard", "{here}/orchard/../secret", False),
        ("label apples in {here}/orchard", "{here}/orchard/door", False),
        ("label apples in {here}/orchard", "{here}", False),
        ("label apples in {here}/orchards", "{here}/orchard", False),
        ("label apples in {here}/orchard-2", "{here}/orchard", False),
        ("tell ripe / raw apples apart, ~ 300 photos...", "{here}/secret", False),
        ("tell ripe / raw apples apart, ~ 300 photos...", "/", False),
        ("tell ripe / raw apples apart, ~ 300 photos...", "~", False),
        ("tell ripe / raw apples apart, ~ 300 photos...", "..", False),
        ("label my photos", "photos", False),  # the word is said of any photos
        ("label apples in photos/", "photos", True),
        ("label apples", "{here}/nowhere", False),
        ("label apples", "../.photos/../../secret", False),
    ],
)
def test_only_what_the_person_named_or_brought_is_labelled(run, tmp_path, request_text, wanted, allowed):
    run.record.request = request_text.format(here=tmp_path)
    wanted = wanted.format(here=tmp_path)
    if allowed:
        assert all(p.exists() for p in allowed_photos(run, [wanted]))
        return
    with pytest.raises(FixArguments, match="has not named") as refusal:
        allowed_photos(run, [wanted])
    assert "private_name" not in str(refusal.value) and "no such" not in str(refusal.value)


@pytest.mark.parametrize("photos", [[], [""], ["  ", ""]])
def test_a_call_that_names_no_photo_is_corrected_and_ends_no_run(run, photos):
    with pytest.raises(FixArguments, match="photos is empty: name the folders"):
        tool.label(run, photos, ["apple"], "segment", "coco", None)


def test_what_was_given_by_flags_or_in_an_answer_may_be_labelled(run, tmp_path):
    place = str(tmp_path / "secret")
    for name in ("real", "few", "unlabelled"):
        setattr(run.record, name, place)
        assert allowed_photos(run, [place])
        setattr(run.record, name, None)
    run.emit("model", text=f"I answer {place} myself", calls=[])
    with pytest.raises(FixArguments):
        allowed_photos(run, [place])
    run.emit("answer", text=f"they are in {place}")
    assert allowed_photos(run, [place])


def test_a_visitor_has_none_of_the_servers_folders(run, tmp_path):
    place = str(tmp_path / "orchard")
    run.record.visitor, run.record.request, run.record.real = True, f"label apples in {place}", place
    run.emit("answer", text=place)
    for wanted in (place, "./orchard", str(tmp_path / "runs")):
        with pytest.raises(FixArguments, match="uploaded on the page"):
            allowed_photos(run, [wanted])
    assert allowed_photos(run, ["mine"]) == [photos_folder(tmp_path / "runs") / "mine"]


def test_a_model_is_named_and_not_a_path_of_the_models_choice(run, tmp_path):
    (tmp_path / "weights.safetensors").touch()
    assert (allowed_model(run, None), allowed_model(run, "starter")) == (None, "starter")
    with pytest.raises(FixArguments):
        allowed_model(run, str(tmp_path / "weights.safetensors"))
    run.record.request = f"label apples in ./orchard with {tmp_path}/weights.safetensors"
    assert allowed_model(run, str(tmp_path / "weights.safetensors"))


@pytest.fixture
def asked(run, tmp_path, monkeypatch):
    """A run whose person says what stands in `words`, and what it was asked."""
    run.record.request = f"label the apples in {tmp_path}/orchard"
    plans, words = [], ["yes"]

    def interrupt(question):
        plans.append(question)
        return words[0]

    monkeypatch.setattr(tool, "interrupt", interrupt)
    monkeypatch.setattr("tools.label.labeler.make_engine", lambda task, _settings, _choice: ColourEngine(task))
    run.auto_approve = False
    return run, plans, words


def label(run, tmp_path):
    return tool.label(run, [f"{tmp_path}/orchard"], ["apple"], "segment", "coco", None)


@pytest.mark.parametrize(
    ("word", "raises"), [("no", StepFailed), ("不要", StepFailed), ("only boxes", FixArguments), ("", FixArguments)]
)
def test_nothing_is_read_before_the_person_has_approved(asked, tmp_path, word, raises):
    run, plans, words = asked
    words[0] = word
    with pytest.raises(raises):
        label(run, tmp_path)
    assert plans[0]["kind"] == "approve"
    assert plans[0]["plan"]["photos"] == [f"{tmp_path}/orchard: photos: 3"]  # one is behind a link
    assert not (run.folder / "export").exists() and run.record.labelled is None


def test_an_approved_labelling_is_not_asked_about_again_and_tells_the_model_no_name(asked, tmp_path):
    run, plans, _ = asked
    (tmp_path / "orchard" / "private_broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    said = label(run, tmp_path)
    assert len(plans) == 1 and run.record.labelled["labels"]["apple"] >= 1
    assert "private" not in said and "left_out" in said
    label(run, tmp_path)
    assert len(plans) == 1
    assert runtime.RunRecord.model_validate_json((run.folder / "run.json").read_text()).labelling["kind"] == "segment"


def test_who_approves_all_beforehand_is_not_asked(asked, tmp_path):
    run, plans, _ = asked
    run.auto_approve = True
    label(run, tmp_path)
    assert not plans
