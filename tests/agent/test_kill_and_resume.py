"""SIGKILL in every stage, then resume: the run it would have been, nothing doubled or lost."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.faults.facts import differing
from tests.faults.jobs import Process, build
from tests.faults.kills import calm
from tests.waiting import wait_until

# One kill in each stage of one of the two rounds, in the order in which a run meets them.
KILLS = [(1, "define"), (1, "design"), (1, "generate"), (1, "curate"), (1, "train"), (1, "diagnose"), (2, "design"),
         (2, "score"), (2, "annotate"), (2, "train"), (2, "evaluate"), (2, "export_model"), (2, "export_dataset"),
         (2, "report")]  # fmt: skip


def reached(events: Path, round_number: int, stage: str) -> bool:
    if not events.exists():
        return False
    for line in events.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:  # a line that the kill cut
            continue
        if event.get("kind") == "stage" and (event["name"], event["round"]) == (stage, round_number):
            return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(3600)  # it starts sixteen processes
def test_a_run_killed_in_every_stage_is_the_run_it_would_have_been(tmp_path):
    job, rough = build(2), tmp_path / "rough"
    undisturbed, _ = calm(job, tmp_path / "calm")
    rough.mkdir()
    events, chance, kills = rough / "runs" / "r" / "events.jsonl", random.Random(7), 0
    process = Process(job, rough, again=False)
    for round_number, stage in KILLS:
        wait_until(
            lambda p=process, n=round_number, s=stage: p.ended(0.0) is not None or reached(events, n, s),
            f"the run reaches {stage} of round {round_number}",
        )
        time.sleep(chance.uniform(0, 0.3))  # any moment will do: a slower machine is killed earlier in its work
        if process.ended(0.0) is None:
            process.kill()
            kills += 1
        process.ended()
        process = Process(job, rough, again=True)
    assert process.ended() == 0, process.log.read_text()[-3000:]
    assert kills >= 8
    assert len(undisturbed["rounds"]) == 2 and undisturbed["status"] == "finished"
    assert dict(differing(undisturbed, job.facts(rough))) == {}
