"""The images that a run's models are judged on."""

from tests.tools.steps.test_train import add, make_run
from tests.tools.trainers.shapes import samples
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
