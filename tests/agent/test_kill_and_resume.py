"""SIGKILL at random moments in every stage, then resume: the run it would have been, nothing doubled or lost."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import LONG_S, wait_until
from tools.data.dataset import Dataset, file_sha256

# One kill in each stage of one of the two rounds, in the order in which a run meets them.
KILLS = [(1, "define"), (1, "design"), (1, "generate"), (1, "curate"), (1, "train"), (1, "diagnose"), (2, "design"),
         (2, "score"), (2, "annotate"), (2, "train"), (2, "evaluate"), (2, "export_model"), (2, "export_dataset"),
         (2, "report")]  # fmt: skip
BUILD = ["build", "segment apples", "--images", "36", "--rounds", "2", "--size", "64", "--effort", "quick", "--seed",
         "5", "--run", "r", "--yes", "--llm", "offline"]  # fmt: skip


def start(runs_dir: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "SIGHTSMITH_GENERATOR": "tests.fakes:ShapeGenerator",
        "SIGHTSMITH_EPOCHS": "4",
        "SIGHTSMITH_MEMORY_DIR": str(runs_dir / "memory"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "agent.cli.app", *arguments, "--runs-dir", str(runs_dir)]
    with (runs_dir / "log.txt").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=runs_dir)


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


def facts(folder: Path) -> dict[str, Any]:
    dataset = Dataset(folder)
    samples = {s.id: s.model_dump(exclude={"provenance"}) for s in dataset.samples()}
    pictures = {p.name: file_sha256(p) for p in (folder / "images").rglob("*") if p.is_file()}
    scenes = [s.id for s in dataset.scenes()]
    dataset.close()
    return {"samples": samples, "pictures": pictures, "scenes": scenes}


@pytest.mark.slow
@pytest.mark.timeout(3600)  # it starts fifteen processes
def test_a_run_killed_in_every_stage_is_the_run_it_would_have_been(tmp_path):
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    calm.mkdir()
    rough.mkdir()
    assert start(calm, *BUILD).wait(timeout=LONG_S) == 0, (calm / "log.txt").read_text()[-3000:]

    chance, kills = random.Random(7), 0
    process, events = start(rough, *BUILD), rough / "r" / "events.jsonl"
    for round_number, stage in KILLS:
        wait_until(
            lambda p=process, n=round_number, s=stage: p.poll() is not None or reached(events, n, s),
            f"the run reaches {stage} of round {round_number}",
        )
        time.sleep(chance.uniform(0, 0.3))  # any moment will do: a slower machine is killed earlier in its work
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        process = start(rough, "resume", "r", "--yes")
    assert process.wait(timeout=LONG_S) == 0, (rough / "log.txt").read_text()[-3000:]

    assert kills >= 8
    undisturbed, killed = facts(calm / "r"), facts(rough / "r")
    assert killed["scenes"] == undisturbed["scenes"]
    assert killed["samples"] == undisturbed["samples"]
    assert killed["pictures"] == undisturbed["pictures"]
    records = [json.loads((d / "r" / "run.json").read_text()) for d in (calm, rough)]
    assert records[0]["status"] == records[1]["status"] == "finished"
    assert len(records[1]["rounds"]) == 2
    for key in ("rounds", "best", "evaluation"):
        assert records[1][key] == records[0][key]
