"""A page of a data set at a time: filters, orders, counts; a page of many samples takes no more than one of few."""

import json
import sqlite3
import tracemalloc

import pytest

from tests.effort import QuerySteps
from tests.runs import make_run
from tools.core.errors import StepFailed
from tools.data.dataset import Dataset
from tools.page import review
from tools.page.browse import Browser, Filter
from tools.page.thumbnails import thumbnail

FEW, MANY = 500, 2000


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
def large(tmp_path_factory):
    """Folders of 500 and of 2,000 rows; the images of a few runs stand for all of them."""
    return [_multiplied(tmp_path_factory.mktemp(str(count)) / "r", count) for count in (FEW, MANY)]


def _multiplied(folder, count):
    run = make_run(folder, rounds=1, images=30)
    run.dataset.close()
    database = sqlite3.connect(run.folder / "dataset.sqlite")
    database.row_factory = sqlite3.Row
    rows = [dict(r) for r in database.execute("SELECT * FROM samples")]
    labels = database.execute("SELECT * FROM instances").fetchall()
    with database:
        for n in range(count - len(rows)):
            row = rows[n % len(rows)] | {"id": f"{n:016x}", "quality": (n * 37 % 1000) / 1000}
            database.execute(f"INSERT INTO samples VALUES ({','.join('?' * len(row))})", list(row.values()))
            own = [(row["id"], i["position"], i["data"]) for i in labels if i["sample_id"] == rows[n % len(rows)]["id"]]
            database.executemany("INSERT INTO instances VALUES (?, ?, ?)", own)
    database.close()
    return run.folder


def test_counts_and_pages_go_over_the_rows_a_fixed_number_of_times(large, monkeypatch):
    steps = QuerySteps(monkeypatch)
    few, many = (Browser(folder) for folder in large)
    assert many.count(Filter()) == MANY
    assert 0 < steps.of(many.facets) < 5 * steps.of(few.facets)
    assert 0 < steps.of(many.reviewed) < 5 * steps.of(few.reviewed)
    for order in ("newest", "best", "uncertain"):
        for share in (0, 0.5, 0.97):
            at = {count: int(share * count) for count in (FEW, MANY)}
            page = steps.of(lambda order=order, at=at: few.page(Filter(), order, at[FEW], 12))
            assert 0 < steps.of(lambda order=order, at=at: many.page(Filter(), order, at[MANY], 12)) < 5 * page


def test_pages_are_turned_in_flat_memory(large):
    def peak_bytes(folder, count):
        browser = Browser(folder)
        tracemalloc.start()
        for offset in (0, 24, count // 2, count - 24):
            for order in ("newest", "best", "uncertain"):
                assert len(browser.page(Filter(), order, offset, 24)) == 24
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(large[0], FEW)
    assert peak_bytes(large[1], MANY) < 1.5 * peak_bytes(large[0], FEW)


@pytest.mark.slow
def test_image_after_image_is_reviewed_without_more_and_more_work(large, monkeypatch):
    queries = QuerySteps(monkeypatch)
    dataset = Dataset(large[0])
    steps = [queries.of(lambda: review.accept(dataset, review.next_samples(large[0])[0])) for _ in range(40)]
    assert len(dataset.corrected()) == 40
    assert 0 < sum(steps[-10:]) < 1.5 * sum(steps[:10])
    assert json.loads(dataset._db.execute("SELECT after FROM corrections").fetchone()[0])["verdict"] == "kept"
    dataset.close()
