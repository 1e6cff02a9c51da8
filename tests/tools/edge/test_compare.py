"""Networks of other sizes beside a run's own."""

import pytest

from tests.tools.edge import untrained
from tests.tools.edge.test_forms import ready
from tests.tools.steps.test_train import add
from tests.tools.trainers.shapes import samples
from tools.core.errors import FixArguments
from tools.edge.compare import compare_sizes

pytestmark = pytest.mark.slow


def test_sizes_are_trained_once_and_measured_alike_and_the_run_keeps_its_model(tmp_path):
    run = ready(tmp_path, "detect")
    add(run, samples(tmp_path, 2, seed=2, kind="detect"), "train")
    run.settings = run.settings.model_copy(update={"trainer": "tests.tools.edge.untrained:Untrained"})
    best = run.record.best.model_copy()
    untrained.asked.clear()
    rows = compare_sizes(run, ["n", "s"], ["torchscript"])
    named = [f"yolo11{size} {form}" for size in "ns" for form in ("model.pt", "model.onnx", "torchscript")]
    assert [row["form"] for row in rows] == named
    assert rows[0]["speed"] == 1
    assert rows[3]["mb"] > 2 * rows[0]["mb"]
    assert run.record.exports["sizes"]["rows"] == rows
    compare_sizes(run, ["n", "s"])
    assert untrained.asked == ["yolo11n", "yolo11s"]
    add(run, samples(tmp_path, 1, seed=3, kind="detect"), "train")
    compare_sizes(run, ["n"])
    assert untrained.asked == ["yolo11n", "yolo11s", "yolo11n"], "there are more pictures now"
    assert run.record.best == best


@pytest.mark.parametrize(("sizes", "message"), [(["n", "q"], "--sizes q"), ([], r"\(nothing\)")])
def test_a_size_that_is_none_is_refused(tmp_path, sizes, message):
    with pytest.raises(FixArguments, match=message):
        compare_sizes(ready(tmp_path, "detect"), sizes)
