"""The report and `show` say how far labels can be trusted, and what an untrained model does on the same photos."""

from tests.runs import evaluation, make_run
from tools.data.scores import Audit, LabelQuality


def _run(folder):
    run = make_run(folder, names=("apple", "pear"))
    quality = LabelQuality(
        objects=40, found=36, dice=0.91, iou=0.84, missed=0.1, false=0.05, intervals={"iou": (0.8, 0.88)}
    )
    run.record.audits["sam<mark>"] = Audit(
        annotator="sam<mark>", pictures=12, by="mask", overall=quality, per_class={"apple": quality, "pear": quality}
    )
    run.record.evaluation["real_test"] = evaluation("real_test", 0.7)
    run.record.baselines["owlv2+grabcut"] = evaluation("real_test", 0.41)
    run.save()
    return run


def test_the_report_says_both(tmp_path):
    from agent.report.write import write_report

    run = _run(tmp_path / "run")
    page = write_report(run).read_text(encoding="utf-8")
    for text in (page, (run.folder / "report.md").read_text(encoding="utf-8")):
        assert "How far to trust the labels" in text
        assert "0.951" in text and "0.930" in text  # the mark
        assert "0.840 (0.800–0.880)" in text
        assert "untrained owlv2+grabcut, same real photos" in text
        assert "<mark>" not in text
    assert "0.41" in page


def test_show_says_both(tmp_path, capsys):
    from agent.cli.console import print_record

    run = _run(tmp_path / "run")
    print_record(run.record, run.folder)
    shown = capsys.readouterr().out
    assert "untrained owlv2+grabcut" in shown
    assert "mask map50 0.41" in shown
    assert "Dice 0.910 and IoU 0.840" in shown


def test_without_either_nothing_is_said(tmp_path):
    from agent.report.write import write_report

    run = make_run(tmp_path / "run")
    assert "untrained" not in write_report(run).read_text(encoding="utf-8")
    assert "trust the labels" not in (run.folder / "report.md").read_text(encoding="utf-8")
