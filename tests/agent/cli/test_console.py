"""What the terminal prints of a run that ended."""

from agent.cli.console import print_record
from tools.runs.expected import MEASURED
from tools.runs.runtime import RunRecord


def test_without_photos_the_terminal_tells_what_photos_left_of_similar_scores(tmp_path, capsys):
    record = RunRecord(name="r", request="find dogs", created="", status="finished", expected=list(MEASURED["alive"]))
    print_record(record, tmp_path)
    said = " ".join(capsys.readouterr().out.split())
    assert "dogs in all kinds of scenes 0.80 on renders and 0.01 on 256 photos (box mAP50)" in said
