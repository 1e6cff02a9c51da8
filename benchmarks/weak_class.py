"""A class made blind on purpose, and what the next round does about it: `python benchmarks/weak_class.py FOLDER`.

Whole runs as shipped ("segment apples and pears", two rounds, no language model), except that the first round learns
from no picture with a pear. Printed for each seed: pears' share of the objects of either round, what the second round
is aimed at, and mask mAP50 of pears and apples on drawn pictures of the test after either round.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from agent.run import execute
from agent.run_folder import start_run
from tools.core.settings import Settings
from tools.core.threads import prepare_for_torch
from tools.runs.runtime import RunContext
from tools.trainers import EpochCallback, TrainingJob, TrainingResult, yolo

BLIND = "pear"


class BlindTrainer:
    """The trainer as shipped; its first round sees no pear."""

    def __init__(self, settings: Settings) -> None:
        self._own = yolo.make_trainer(settings)
        self.name, self.version, self.licence = self._own.name, self._own.version, self._own.licence

    def train(self, job: TrainingJob, on_epoch: EpochCallback) -> TrainingResult:
        """See `tools.trainers.Trainer`."""
        if job.folder.parent.name == "01":
            job = replace(job, train=[s for s in job.train if all(i.class_name != BLIND for i in s.instances)])
        return self._own.train(job, on_epoch)


def share(run: RunContext, number: int) -> float:
    """Of the objects planned for a round, those of the blind class."""
    names = [o.class_name for s in run.dataset.scenes(number) for o in s.objects if o.role == "target"]
    return names.count(BLIND) / max(len(names), 1)


def told(run: RunContext) -> str:
    """One line for a run."""
    parts = []
    for number in run.record.rounds:
        classes = number.scores["synthetic_test"].per_class
        scores = ", ".join(f"{name} {score.score or 0.0:.2f}" for name, score in sorted(classes.items()))
        aim = f", aimed at {', '.join(number.focus)}" if number.focus else ""
        parts.append(f"round {number.number}: {share(run, number.number):.0%} {BLIND}s{aim}, mask mAP50 {scores}")
    return "; ".join(parts)


def main() -> None:
    """Run each seed and print its line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--images", type=int, default=280)
    parser.add_argument("--size", type=int, default=160)
    given = parser.parse_args()
    for seed in given.seeds:
        settings = Settings(
            runs_dir=given.folder, memory_dir=given.folder / f"memory-{seed}", seed=seed, size_px=given.size,
            effort="quick", llm="offline", trainer="benchmarks.weak_class:BlindTrainer",
        )  # fmt: skip
        options = {"images": given.images, "rounds": 2}
        run = start_run(f"segment apples and {BLIND}s", settings, name=f"seed-{seed}", options=options)
        execute(run, lambda _question: "yes")
        print(f"seed {seed}: {told(run)}", flush=True)


if __name__ == "__main__":
    main()
