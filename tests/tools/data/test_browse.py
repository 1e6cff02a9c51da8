"""A page of a data set at a time: filters, orders, counts; as fast with 5,000 samples as with 50."""

import json
import sqlite3
import time
import tracemalloc

import pytest

from tests.runs import make_run
from tools import review
from tools.data.browse import Browser, Filter
from tools.data.dataset import Dataset
from tools.data.thumbnails import thumbnail
from tools.errors import StepFailed

MANY = 5000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("browse") / "r", names=("apple", "<i>pear</i>"))


def some(run, **wanted):
    return Browser(run.folder).page(Filter(**wanted), "newest", 0, 1000)


def test_facets_count_everything(run):
    facets = Browser(run.folder).facets()
    samples = list(run.dataset.samples())
    assert facets.total == len(samples) == sum(facets.verdicts.values()) == sum(facets.rounds.values())
    assert facets.verdicts["dropped"] == sum(s.verdict == "dropped" for s in samples)
    assert facets.reasons == {"too dark": facets.verdicts["dropped"]}
    assert set(facets.classes) == {"apple", "<i>pear</i>"}
    assert sum(facets.axes["light"].values()) == len(samples)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ({}, lambda s: True),
        ({"verdict": "dropped"}, lambda s: s.verdict == "dropped"),
        ({"round": 2}, lambda s: s.round == 2),
        ({"class_name": "<i>pear</i>"}, lambda s: any(i.class_name == "<i>pear</i>" for i in s.instances)),
        ({"reason": "too dark"}, lambda s: s.reasons == ["too dark"]),
        ({"quality": (0.5, 1.0)}, lambda s: s.quality >= 0.5),
        ({"split": "val", "round": 1}, lambda s: s.split == "val" and s.round == 1),
        ({"verdict": "'; DROP TABLE samples; --"}, lambda s: False),
        ({"slices": {"light') OR 1=1 --": "x"}}, lambda s: False),
    ],
)
def test_filters(run, wanted, holds):
    expected = {s.id for s in run.dataset.samples() if holds(s)}
    assert {s.id for s in some(run, **wanted)} == expected
    assert Browser(run.folder).count(Filter(**wanted)) == len(expected)


def test_slices_are_filtered_by_axis_and_value(run):
    first = next(run.dataset.samples())
    axis, value = next(iter(first.axes.items()))
    found = some(run, slices={axis: value})
    assert first.id in {s.id for s in found}
    assert all(s.axes[axis] == value for s in found)


def test_pages_cover_everything_once(run):
    browser, seen = Browser(run.folder), []
    for offset in range(0, 40, 7):
        seen += [s.id for s in browser.page(Filter(), "worst", offset, 7)]
    assert sorted(seen) == sorted(s.id for s in run.dataset.samples())


def test_a_sample_is_the_one_of_the_data_set(run):
    assert {s.id: s for s in some(run)} == {s.id: s for s in run.dataset.samples()}


def test_missing_and_broken_data_sets_are_named(tmp_path):
    with pytest.raises(StepFailed, match="no data set yet"):
        Browser(tmp_path).facets()
    (tmp_path / "dataset.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(StepFailed, match="damaged"):
        Browser(tmp_path).facets()


def test_a_thumbnail_is_made_once_and_anew_when_labels_change(run):
    sample = next(s for s in run.dataset.samples(verdict="kept") if s.instances)
    first = thumbnail(run.folder, sample, 64, ["apple"])
    cached = list((run.folder / ".thumbnails").rglob("*.jpg"))
    assert thumbnail(run.folder, sample, 64, ["apple"]) == first
    assert list((run.folder / ".thumbnails").rglob("*.jpg")) == cached
    assert thumbnail(run.folder, sample.model_copy(update={"instances": []}), 64, ["apple"]) != first
    with pytest.raises(StepFailed, match="no such picture"):
        thumbnail(run.folder, sample.model_copy(update={"image": "images/none.png", "sha256": "0"}), 64, ["apple"])


def test_a_thumbnail_needs_no_space_on_the_disk(run, monkeypatch):
    sample = next(run.dataset.samples())
    monkeypatch.setattr("pathlib.Path.write_bytes", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    assert thumbnail(run.folder, sample, 32, []).startswith(b"\xff\xd8")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """5,000 rows; the pictures of a few runs stand for all of them."""
    run = make_run(tmp_path_factory.mktemp("many") / "r", rounds=1, images=30)
    run.dataset.close()
    database = sqlite3.connect(run.folder / "dataset.sqlite")
    database.row_factory = sqlite3.Row
    rows = [dict(r) for r in database.execute("SELECT * FROM samples")]
    labels = database.execute("SELECT * FROM instances").fetchall()
    with database:
        for n in range(MANY - len(rows)):
            row = rows[n % len(rows)] | {"id": f"{n:016x}", "quality": (n * 37 % 1000) / 1000}
            database.execute(f"INSERT INTO samples VALUES ({','.join('?' * len(row))})", list(row.values()))
            own = [(row["id"], i["position"], i["data"]) for i in labels if i["sample_id"] == rows[n % len(rows)]["id"]]
            database.executemany("INSERT INTO instances VALUES (?, ?, ?)", own)
    database.close()
    return run.folder


def test_five_thousand_samples_are_turned_fast_and_in_flat_memory(many):
    browser = Browser(many)
    assert browser.count(Filter()) == MANY
    began = time.perf_counter()
    browser.facets()
    assert time.perf_counter() - began < 1.0
    tracemalloc.start()
    slowest = 0.0
    for offset in (0, 24, 2400, 4968):
        for order in ("newest", "best", "uncertain"):
            began = time.perf_counter()
            assert len(browser.page(Filter(), order, offset, 24)) == 24
            slowest = max(slowest, time.perf_counter() - began)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert slowest < 0.5
    assert peak < 4 * 2**20


@pytest.mark.slow
def test_two_hundred_pictures_are_reviewed_without_slowing_down(many):
    dataset, seconds = Dataset(many), []
    for _ in range(200):
        began = time.perf_counter()
        review.accept(dataset, review.next_samples(many)[0])
        seconds.append(time.perf_counter() - began)
    assert len(dataset.corrected()) == 200
    assert sum(seconds[-50:]) < 2 * sum(seconds[:50]) + 0.5
    assert json.loads(dataset._db.execute("SELECT after FROM corrections").fetchone()[0])["verdict"] == "kept"
    dataset.close()
