"""Every page, in every state it may meet: no run, a run that waits, failed, is damaged; a full disk."""

import errno
import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agent import detached
from agent.run_folder import start_run
from tests.ui.conftest import words
from tools.core.errors import Code
from tools.core.settings import Settings
from tools.data.dataset import Dataset
from tools.data.scores import SliceScore
from tools.runs.expected import Judged
from tools.runs.runtime import read_record, write_json
from ui.grid import Turn, read_turn

PAGES = ("chat", "tryit", "gallery", "scores", "review", "take", "bring", "runs", "settings")
NEEDS_RUN = ("tryit", "gallery", "scores", "review", "take")


@pytest.fixture(autouse=True)
def spawned(monkeypatch):
    """What would have been started; no page test starts a process."""
    calls = []
    monkeypatch.setattr(
        detached, "_spawn", lambda folder, arguments, secrets: calls.append((folder.name, arguments, secrets))
    )
    return calls


def submit(test, form, label):
    """Press the button of a form; those of several forms have the same words."""
    return next(b for b in test.button if b.form_id == form and b.label == label).click()


def button(test, label):
    return next(b for b in test.button if b.label == label)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_without_any_run_says_so(draw, page, language):
    said = words(draw(page, language=language))
    if page in NEEDS_RUN:
        assert {"en": "No project is chosen", "zh": "尚未选择项目"}[language] in said


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_of_a_finished_run_shows_class_names_as_plain_text(draw, run, page, language):
    said = words(draw(page, "apples", language=language))
    assert "<b>lemon" not in said


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("status", "error"),
    [("failed", "the disk is <img src=x onerror=alert(1)> full"), ("stopped", None), ("finished", None)],
)
def test_a_run_without_images_or_scores(draw, runs_dir, page, status, error):
    run = start_run("segment apples", Settings(runs_dir=runs_dir), name="early")
    run.record.status, run.record.error = status, error
    run.save()
    run.emit("end", status=status, error=error)
    said = words(draw(page, "early"))
    assert "<img src=x" not in said
    if page == "chat" and error:
        assert "&lt;img src=x" in said


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_record_is_said(draw, runs_dir, page):
    (runs_dir / "broken").mkdir()
    (runs_dir / "broken" / "run.json").write_text("{")
    said = words(draw(page, "broken"))
    if page in (*NEEDS_RUN, "chat"):
        assert "is damaged" in said


@pytest.mark.parametrize("page", ["gallery", "review"])
def test_a_damaged_data_set_is_said(draw, run, page):
    run.dataset.close()
    for path in run.folder.glob("dataset.sqlite*"):
        path.unlink()
    (run.folder / "dataset.sqlite").write_bytes(b"not a database" * 100)
    assert "damaged" in words(draw(page, "apples"))


@pytest.mark.parametrize("name", ["../outside", "/etc", "..", ".hidden", "a/b", "nobody"])
def test_only_runs_of_the_runs_folder_are_looked_at(draw, runs_dir, name):
    (runs_dir.parent / "outside").mkdir()
    (runs_dir.parent / "outside" / "run.json").write_text("{}")
    (runs_dir / ".hidden").mkdir()
    (runs_dir / ".hidden" / "run.json").write_text("{}")
    assert "No project is chosen" in words(draw("gallery", name))


# Chat -----------------------------------------------------------------------------------------------------------------


def test_a_request_starts_a_run_in_a_process_of_its_own(draw, runs_dir, spawned):
    test = draw("chat", connection={"OPENAI_API_KEY": "sk-secret"})
    test.chat_input[0].set_value("segment **apples** <script>x</script>").run()
    assert not test.exception
    ((name, arguments, secrets),) = spawned
    assert arguments == ["resume", name]
    assert secrets == {"OPENAI_API_KEY": "sk-secret"}
    kept = (runs_dir / name / "run.json").read_text()
    assert "sk-secret" not in kept
    said = words(test)
    assert "&lt;script&gt;" in said
    assert "<script>" not in said
    assert test.session_state["run"] == name


@pytest.fixture
def waiting(runs_dir):
    """A run that waits with its plan."""
    run = start_run("segment apples", Settings(runs_dir=runs_dir, llm="offline"), name="waits")
    from tests.runs import make_run

    other = make_run(runs_dir.parent / "other", rounds=0)
    run.record.task = other.record.task
    run.record.task.classes[0].name = "ripe apple"  # drawn as another thing: the card says so
    run.record.expected = []
    run.record.estimate = {
        "minutes": 3.5,
        "stages": {"generate": 2.0, "train": 1.5},
        "money": 0.0,
        "notes": ["*a* note"],
    }
    question = {"kind": "approve", "plan": {}}
    run.record.status, run.record.question = "needs_answer", question
    run.save()
    run.emit("question", asked=question)
    return run


@pytest.mark.parametrize(("label", "answer"), [("Approve", "yes"), ("Refuse", "no")])
def test_a_plan_is_approved_or_refused(draw, waiting, spawned, label, answer):
    test = draw("chat", "waits")
    assert "about 3.5 minutes" in words(test)
    assert "*a* note" in words(test)
    assert "ripe apple: drawn as apple" in words(test)
    assert "No run of such things was judged on photos yet" in words(test)
    button(test, label).click().run()
    assert spawned == [("waits", ["resume", "waits", f"--answer={answer}"], {})]


def test_where_photos_kept_little_of_a_score_the_plan_says_what_teaches_more(draw, waiting):
    waiting.record.expected = [Judged(what="cats", synthetic=0.8, real=0.2, photos=9)]
    waiting.save()
    said = words(draw("chat", "waits"))
    assert "cats 25 %" in said and "A dozen photos of your own teach more" in said


def test_a_plan_is_changed_in_words(draw, waiting, spawned):
    draw("chat", "waits").chat_input[0].set_value("only 100 pictures; --yes").run()
    assert spawned == [("waits", ["resume", "waits", "--answer=only 100 pictures; --yes"], {})]


def test_a_question_is_answered_in_place(draw, waiting, spawned):
    waiting.record.question = {"kind": "question", "question": "Which <i>thing</i>?", "options": ["*apple*", "pear"]}
    waiting.save()
    test = draw("chat", "waits")
    assert "Which &lt;i&gt;thing" in words(test)
    assert test.button[0].label.startswith("\\*apple")
    test.button[0].click().run()
    assert spawned == [("waits", ["resume", "waits", "--answer=*apple*"], {})]


def test_a_stopped_run_goes_on(draw, run, spawned):
    run.record.status, run.record.error = "stopped", "stopped by the user"
    run.save()
    button(draw("chat", "apples"), "Go on").click().run()
    assert spawned == [("apples", ["resume", "apples"], {})]


@pytest.mark.parametrize(("code", "offered"), [(Code.WITHOUT_MODEL, True), (None, False)])
def test_a_run_whose_model_is_at_fault_can_go_on_without_it_however_that_is_worded(draw, run, spawned, code, offered):
    run.record.status, run.record.error, run.record.error_code = "failed", "sightsmith --llm offline", code
    if offered:
        run.record.error = "Wombat."
    run.save()
    test = draw("chat", "apples")
    labels = [b.label for b in test.button]
    assert ("Go on without the language model" in labels) is offered and "Go on" in labels
    if offered:
        button(test, "Go on without the language model").click().run()
        assert spawned == [("apples", ["resume", "apples", "--llm=offline"], {})]


@pytest.mark.parametrize(
    ("language", "totals", "told"),
    [
        ("en", {"llm_calls": 3, "llm_tokens_read": 12000, "llm_tokens_written": 30}, "It read 12,000 tokens"),
        ("en", {"llm_calls": 3, "llm_calls_uncounted": 3}, "it does not say"),
        ("en", {"llm_calls": 1, "llm_tokens_read": 9, "llm_money": 0.02}, "about $0.0200"),
        ("zh", {"llm_calls": 3, "llm_tokens_read": 9}, "提问 3 次"),
        ("en", {}, None),
    ],
)
def test_the_page_says_what_the_language_model_cost(draw, run, language, totals, told):
    run.record.status, run.record.error, run.record.error_code = "failed", "Wombat.", Code.WITHOUT_MODEL
    run.record.totals |= totals
    run.save()
    said = words(draw("chat", "apples", language=language))
    assert told in said if told else "language model:" not in said


def test_the_way_out_without_a_model_is_named_as_its_button_is(draw, run):
    told = {"code": Code.WITHOUT_MODEL, "data": {"check": "model"}}
    run.emit("end", status="failed", error="Wombat.", **told)
    run.record.status, run.record.error, run.record.error_code = "failed", "Wombat.", Code.WITHOUT_MODEL
    run.save()
    page = draw("chat", "apples")
    assert "Wombat. Name another model on the page “Settings”. Or press “Go on without" in words(page)
    assert "Go on without the language model" in [b.label for b in page.button]


def test_a_run_whose_process_died_says_why_and_goes_on(draw, run, spawned):
    run.record.status = "running"
    run.save()
    test = draw("chat", "apples")
    assert "ended without a word" in words(test)
    button(test, "Go on").click().run()
    assert spawned == [("apples", ["resume", "apples"], {})]


def test_a_refused_plan_can_be_shown_again(draw, waiting, spawned):
    waiting.record.status, waiting.record.question, waiting.record.error = "failed", None, "the plan was refused"
    waiting.save()
    button(draw("chat", "waits"), "Go on").click().run()
    assert spawned == [("waits", ["resume", "waits"], {})]


def test_a_plan_that_is_shown_again_has_its_buttons_and_the_answer(draw, waiting, spawned):
    waiting.emit("answer", text="why so many?")
    waiting.record.question = {"kind": "approve", "plan": {}, "reply": "To show <i>many</i> places."}
    waiting.save()
    waiting.emit("question", asked=waiting.record.question)
    test = draw("chat", "waits")
    assert "why so many?" in words(test)
    assert "A plan was shown." in words(test)
    assert "To show &lt;i&gt;many&lt;/i&gt; places." in words(test)
    button(test, "Approve").click().run()
    assert spawned == [("waits", ["resume", "waits", "--answer=yes"], {})]


@pytest.mark.parametrize(("kind", "approved"), [("approve", True), ("question", False)])
def test_a_yes_approves_only_a_plan(draw, runs_dir, kind, approved):
    from tests.runs import make_run

    run = make_run(runs_dir / "said", rounds=0)
    run.record.status = "failed"
    run.save()
    run.emit("question", asked={"kind": kind, "question": "Which?", "plan": {}})
    run.emit("answer", text="yes")
    assert ("Approved." in words(draw("chat", "said"))) is approved


def test_a_finished_run_gets_one_more_round(draw, run, spawned):
    button(draw("chat", "apples"), "One more round").click().run()
    assert spawned == [("apples", ["resume", "apples", "--more-rounds=1"], {})]


def test_a_full_disk_is_said_on_starting(draw, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(detached, "start_run", full)
    test = draw("chat")
    test.chat_input[0].set_value("segment apples").run()
    assert "is full" in words(test)


# The other pages ------------------------------------------------------------------------------------------------------


def images(test):
    """What the gallery was given to show."""
    return json.loads(test.get("bidi_component")[0].proto.json)


def test_the_gallery_filters_and_turns_pages(draw, run, monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_UI_PAGE_SIZE", "10")
    test = draw("gallery", "apples")
    shown = images(test)
    assert (shown["words"]["found"], shown["page"], shown["pages"]) == ("30 pictures", 1, 3)
    assert [len(tiles) for tiles in shown["tiles"].values()] == [10]  # the first page alone: others are asked for
    first = [tile["id"] for tile in shown["tiles"]["1"]]

    test.session_state["g-place"] = Turn(2, (3, 4))
    shown = images(test.run())
    assert shown["page"] == 2
    assert list(shown["tiles"]) == ["2", "3"]  # there is no fourth
    assert not {tile["id"] for tiles in shown["tiles"].values() for tile in tiles} & set(first)

    test.selectbox(key="g-reason-apples").select("too dark").run()
    shown = images(test)
    assert (shown["words"]["found"], shown["page"], shown["pages"]) == ("4 pictures", 1, 1)
    assert {tile["title"] for tile in shown["tiles"]["1"]} == {"too dark"}


@pytest.mark.parametrize(
    ("value", "turn"),
    [
        ({"asked": "all", "page": 2, "wanted": [3]}, Turn(2, (3,))),
        ({"asked": "all", "page": 2, "wanted": []}, Turn(2)),
        ({"asked": "other", "page": 2, "wanted": []}, None),
        ({"asked": "all", "page": 0, "wanted": []}, None),
        ({"asked": "all", "page": True, "wanted": []}, None),
        ({"asked": "all", "page": 1, "wanted": list(range(1, 5000))}, None),
        ({"asked": "all", "page": 1, "wanted": ["x"]}, None),
        ({"asked": "all", "page": 1}, None),
        ("2", None),
        (None, None),
    ],
)
def test_what_a_browser_says_of_its_pages_is_checked(value, turn):
    assert read_turn(value, "all") == turn


def test_the_scores_name_what_they_were_measured_on(draw, run):
    said = words(draw("scores", "apples"))
    assert "drawn pictures kept for the test" in said
    assert "on no real photo" in said
    assert "far away" in said
    assert said.lower().count("accuracy") == 0


def test_the_scores_are_of_the_model_that_is_handed_over(draw, run):
    first, second = run.record.rounds
    run.record.best = run.record.best.model_copy(update={"round": 1})
    first.accepted, second.accepted = True, False
    shown, hidden = (
        {name: SliceScore(images=9, instances=20, score=score)}
        for name, score in (("light=sun", 0.5), ("light=fog", 0.1))
    )
    for item, slices in ((first, shown), (second, hidden)):
        item.scores["synthetic_val"] = item.scores["synthetic_val"].model_copy(update={"per_slice": slices})
    run.save()
    said = words(draw("scores", "apples"))
    assert "in the sun" in said
    assert "fog" not in said


def test_the_report_is_shown_when_asked_for(draw, run):
    (run.folder / "report.html").write_text("<h1>all of it</h1>")
    test = draw("scores", "apples")
    assert not test.get("iframe")
    test.toggle(key="show_report").set_value(True).run()
    assert "all of it" in str(test.get("iframe")[0].proto)


def test_review_accepts_rejects_deletes_and_takes_back(draw, run):
    test = draw("review", "apples")
    assert "0 looked at" in words(test)
    first = next(iter(test.session_state["review"].values())).sample_id
    button(test, "Accept").click().run()
    button(test, "Reject").click().run()
    assert "2 looked at" in words(test)
    folder = Dataset(run.folder)
    assert folder.sample(first).verdict == "kept"
    assert [c.action for c in folder.corrections()] == ["reject", "accept"]
    test.button(key="undo").click().run()
    test.button(key="undo").click().run()
    assert "0 looked at" in words(test)
    assert folder.corrected() == set()
    folder.close()


@pytest.mark.parametrize("press", ["Accept", "Flag", "Later"])
def test_a_press_in_the_review_costs_one_drawing(draw, run, monkeypatch, press):
    """Between two drawings parts of the page are gone for a moment, and a key that is pressed then is lost."""
    from ui import review

    drawn, place = [], review._place
    monkeypatch.setattr(review, "_place", lambda: drawn.append(1) or place())
    test = draw("review", "apples")
    drawn.clear()
    next(b for b in test.button if press in b.label).click().run()
    assert len(drawn) == 1


def test_take_without_a_model(draw, runs_dir):
    start_run("segment apples", Settings(runs_dir=runs_dir), name="early")
    assert "No model yet" in words(draw("take", "early"))


def test_take_offers_what_is_there(draw, run):
    (run.folder / "export" / "dataset_yolo").mkdir(parents=True)
    (run.folder / "export" / "dataset_yolo" / ".sightsmith.json").write_text('{"fingerprint": "abc"}')
    (run.folder / "export" / "model.pt").write_bytes(b"x" * 200_000)
    (run.folder / "report.html").write_text("<p>")
    labels = [b.proto.label for b in draw("take", "apples").get("download_button")]
    assert [label.split("  ")[0].replace("\\", "") for label in labels] == ["model.pt", "yolo", "report.html"]


def test_a_photo_that_is_none_is_refused(draw, run):
    test = draw("tryit", "apples")
    test.file_uploader(key="try_photo").set_value([("photo.jpg", b"\x80\x04cos\nsystem\n", "image/jpeg")]).run()
    said = words(test)
    assert "photo" in said
    assert "ss-error" in said


def zipped(*files):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files:
            packed.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 broken", "not a zip archive"),
        (zipped(("../../evil.jpg", b"x")), "outside its folder"),
        (zipped(("model.pkl", b"\x80\x04.")), "accepted are"),
        (zipped(("a.jpg", b"no picture")), "a.jpg"),
    ],
)
def test_a_broken_upload_is_said_and_leaves_nothing(draw, runs_dir, content, sentence):
    test = draw("bring")
    test.file_uploader(key="labelled_file").set_value(("set.zip", content, "application/zip"))
    submit(test, "labelled", "Upload").run()
    assert sentence in words(test)
    assert not [p for p in runs_dir.rglob("*") if p.is_file()]


def labelled_zip(count):
    """COCO, one box an image."""
    names = [f"images/{n}.png" for n in range(count)]
    images = [{"id": n + 1, "file_name": Path(name).name, "width": 64, "height": 64} for n, name in enumerate(names)]
    labels = [
        {"id": p["id"], "image_id": p["id"], "category_id": 1, "bbox": [8, 8, 30, 30], "area": 900, "iscrowd": 0}
        for p in images
    ]
    coco = {"images": images, "annotations": labels, "categories": [{"id": 1, "name": "apple"}]}
    return zipped(*((name, png(n)) for n, name in enumerate(names)), ("annotations.json", json.dumps(coco)))


def png(seed):
    buffer = BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_few_labelled_photos_are_learnt_from(draw, runs_dir, spawned):
    test = draw("bring")
    test.radio(key="labelled_use").set_value("learn")
    test.file_uploader(key="labelled_file").set_value(("mine.zip", labelled_zip(6), "application/zip"))
    submit(test, "labelled", "Upload").run()
    assert "6 pictures, 6 labels" in words(test)
    assert "to learn from" in words(test.run())

    chat = draw("chat")
    assert chat.selectbox(key="opt_few").options == ["mine"]
    assert not [box for box in chat.selectbox if box.key == "opt_real"]  # never both
    chat.selectbox(key="opt_few").select("mine").run()
    chat.chat_input[0].set_value("segment apples").run()
    ((name, _, _),) = spawned
    record = read_record(runs_dir / name)
    assert record.few == str((runs_dir / ".photos" / "mine").resolve())
    assert record.real is None


def test_photos_without_labels_are_labelled_here_and_measured_on(draw, runs_dir):
    test = draw("bring")
    test.text_input(key="bare_classes").input("apple, <i>leaf</i>")
    test.file_uploader(key="bare_file").set_value([(f"{n}.png", png(n), "image/png") for n in (1, 2)])
    submit(test, "bare", "Upload").run()
    assert "2 pictures" in words(test)
    folder = runs_dir / ".photos" / "photos"

    page = draw("review", review_set="photos")
    assert "0 looked at, 2 to go" in words(page)
    (work,) = page.session_state["review"].values()
    work.mask = np.zeros((64, 64), bool)
    work.mask[10:30, 10:30] = True
    page.run().button(key="keep_mask").click().run()
    button(page, "Accept").click().run()
    page.button(key="use_labels").click().run()
    assert "The labels of 1 pictures" in words(page)
    written = json.loads((folder / "annotations" / "instances.json").read_text())
    assert [a["bbox"] for a in written["annotations"]] == [[10, 10, 20, 20]]
    chat = draw("chat")
    assert chat.selectbox(key="opt_real").options == ["photos"]


def test_a_bad_file_is_named_and_everything_else_is_taken(draw, runs_dir):
    test = draw("bring")
    test.text_input(key="bare_classes").input("apple")
    files = [("1.png", png(1), "image/png"), ("<b>.jpg", b"no picture", "image/jpeg")]
    test.file_uploader(key="bare_file").set_value(files)
    said = words(submit(test, "bare", "Upload").run())
    assert "1 pictures" in said and "Not taken from the upload, each for its reason: 1." in said
    assert "&lt;b&gt;.jpg" in said and "not a readable picture" in said


def test_no_form_forgets_what_was_typed_when_its_files_are_refused(draw, monkeypatch):
    import streamlit as st

    asked, form = {}, st.form

    def seen(key, *arguments, clear_on_submit=False, **options):
        asked[key] = clear_on_submit
        return form(key, *arguments, clear_on_submit=clear_on_submit, **options)

    monkeypatch.setattr(st, "form", seen)
    draw("bring")
    assert asked == {"labelled": False, "bare": False, "models": False}


def test_a_full_disk_is_said_on_uploading(draw, runs_dir, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tools.data.uploads._copy", full)
    test = draw("bring")
    test.file_uploader(key="labelled_file").set_value(("mine.zip", labelled_zip(6), "application/zip"))
    submit(test, "labelled", "Upload").run()
    assert "the disk is full" in words(test)
    assert not [p for p in runs_dir.rglob("*") if p.is_file()]


@pytest.mark.parametrize(("page", "act"), [("review", "Accept"), ("take", "Export now")])
def test_a_full_disk_is_said_on_correcting_and_exporting(draw, run, page, act, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Dataset, "correct", full)
    monkeypatch.setattr(detached, "_spawn", full)
    test = draw(page, "apples")
    button(test, act).click().run()
    assert "is full" in words(test)


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_needs_an_answer_is_shown_on_every_page(draw, waiting, page):
    said = words(draw(page, "waits"))
    if page == "chat":
        assert "about 3.5 minutes" in said
    if page == "runs":
        assert "waits for you" in said


def test_runs_are_listed_compared_and_deleted_after_asking(draw, run, runs_dir):
    write_json(runs_dir / "older" / "run.json", json.loads((run.folder / "run.json").read_text()) | {"name": "older"})
    test = draw("runs", "apples")
    said = words(test)
    assert "older" in said
    assert "<b>lemon" not in said
    test.button(key="delete-older").click().run()
    assert not (runs_dir / "older").exists()
    assert (runs_dir / "apples").exists()


def test_the_key_stays_in_the_session_and_is_never_sent_back(draw, runs_dir):
    test = draw("settings")
    test.text_input(key="endpoint").input("http://127.0.0.1:9/v1")
    test.text_input(key="api_key").input("sk-very-secret")
    submit(test, "connection_form", "Use").run()
    assert test.session_state["connection"]["OPENAI_API_KEY"] == "sk-very-secret"
    test.run()
    assert "sk-very-secret" not in words(test)
    assert all("sk-very-secret" not in str(element.proto) for element in test.text_input)
    assert not any(b"sk-very-secret" in p.read_bytes() for p in runs_dir.rglob("*") if p.is_file())


def test_an_image_service_is_set_up_with_its_key_in_the_session_alone(draw, runs_dir, spawned):
    test = draw("settings")
    test.text_input(key="image_endpoint").input("http://127.0.0.1:9/v1")
    test.text_input(key="image_model").input("their-model")
    test.text_input(key="image_key").input("sk-pictures")
    test.number_input(key="image_price").set_value(0.02)
    submit(test, "image_form", "Use").run()
    assert "New projects draw with this service" in words(test)
    assert all("sk-pictures" not in str(element.proto) for element in test.text_input)
    kept = {k: test.session_state[k] for k in ("connection", "defaults")}

    chat = draw("chat", **kept)
    chat.number_input(key="opt_money").set_value(1.5)
    chat.chat_input[0].set_value("segment apples").run()
    ((name, _, secrets),) = spawned
    assert secrets == {"SIGHTSMITH_IMAGE_BASE_URL": "http://127.0.0.1:9/v1", "SIGHTSMITH_IMAGE_API_KEY": "sk-pictures"}
    record = read_record(runs_dir / name)
    assert record.settings["generation"]["generator"] == "openai_images"
    image = record.settings["image"]
    assert (image["model"], image["price"]) == ("their-model", 0.02)
    assert record.options["money"] == 1.5
    assert not any(b"sk-pictures" in p.read_bytes() for p in runs_dir.rglob("*") if p.is_file())

    submit(test, "image_form", "Forget all").run()
    assert test.session_state["connection"] == {}
    assert test.session_state["defaults"]["generator"] is None


def test_a_service_without_a_price_is_refused(draw):
    test = draw("settings")
    test.text_input(key="image_key").input("sk-pictures")
    submit(test, "image_form", "Use").run()
    assert "Say what a picture costs" in words(test)
    assert not test.session_state["connection"] if "connection" in test.session_state else True


def test_an_endpoint_that_is_none_is_refused(draw):
    test = draw("settings")
    test.text_input(key="endpoint").input("file:///etc/passwd")
    submit(test, "connection_form", "Use").run()
    assert "begins with http" in words(test)
    assert "connection" not in test.session_state
