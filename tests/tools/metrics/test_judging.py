"""The images that a run's models are judged on."""

import pytest

from tests.tools.steps.test_train import add, make_run
from tests.tools.trainers.shapes import samples
from tools.data.real import RealPhotos
from tools.metrics import judging


def test_of_very_many_some_from_all_over_them_judge_and_that_is_said(tmp_path, monkeypatch):
    run, made = make_run(tmp_path), samples(tmp_path, 1)[0]
    for split, count in (("val", 9), ("test", 3)):
        add(run, [made.model_copy(update={"id": f"{n}"}) for n in range(count)], split)
    whole = judging.sets_of(run)
    assert [len(whole.samples[f"synthetic_{s}"]) for s in ("val", "test")] == [9, 3] and whole.notes == []
    monkeypatch.setattr(judging, "MOST", 4)
    some = judging.sets_of(run)
    assert [len(some.samples[f"synthetic_{s}"]) for s in ("val", "test")] == [4, 3]
    assert some.notes == ["synthetic_val: 4 of 9 pictures, from all over them"]
    ends = {some.samples["synthetic_val"][n].id for n in (0, -1)}
    assert ends == {whole.samples["synthetic_val"][n].id for n in (0, -1)}


@pytest.mark.parametrize(
    ("minutes", "there", "sizes"),
    [(None, (300, 600), [300, 600]), (6.0, (300, 600), [50, 100]), (6.0, (1, 899), [1, 150])],
)
def test_of_many_photos_those_judge_that_leave_time_to_learn(tmp_path, monkeypatch, minutes, there, sizes):
    run, made = make_run(tmp_path, size_px=320, minutes=minutes), samples(tmp_path, 1)[0]
    val, test = (
        [made.model_copy(update={"id": f"{s}{n}"}) for n in range(m)] for s, m in zip("vt", there, strict=True)
    )
    monkeypatch.setattr(judging, "load_real", lambda *_: RealPhotos(val, test, True))
    run.record.real = str(tmp_path)
    sets = judging.sets_of(run)
    assert [len(sets.samples[on]) for on in ("real_val", "real_test")] == sizes
    assert any("150 of the 900 photos judge" in note for note in sets.notes) is (minutes is not None)
    assert sets.samples["real_test"][-1].id == f"t{there[1] - 1}"
