"""What a round aimed at a weak class does: `python benchmarks/weak_class.py apple pear --folder OUT [--seeds 0 1 2]`.

Two rounds as a run does them. In the first the last class is made blind on purpose: its labels are left out of what is
trained on (not of what measures), so it is taught to be background. The diagnosis then says what the second aims at,
whose labels are all there. Printed for each seed: the aim, the class's share of the objects drawn, and the score of
each class before and after (mask mAP50 on the synthetic validation images).
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from tools.core.settings import Settings
from tools.core.threads import prepare_for_torch
from tools.drawable.classes import ClassArgument
from tools.runs.runtime import RunContext, RunRecord
from tools.steps.annotate import annotate
from tools.steps.curate import curate
from tools.steps.diagnose import diagnose
from tools.steps.evaluate import evaluate
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import score
from tools.steps.task import Wanted, define
from tools.steps.train import train


def one_round(run: RunContext, focus: list[str], epochs: int, unlabelled: str | None = None) -> dict[str, float]:
    """Scores of the classes after a round; `unlabelled` is left out of the labels of its training images."""
    design(run, None, focus, None)
    for step in (generate, score, curate, annotate):
        step(run)
    if unlabelled is not None:
        for sample in run.dataset.samples(verdict="kept"):
            if sample.split == "train":
                seen = [i for i in sample.instances if i.class_name != unlabelled]
                run.dataset.set_instances(sample.id, seen)
    train(run, epochs)
    evaluate(run)
    return {name: own.score or 0.0 for name, own in run.round.scores["synthetic_val"].per_class.items()}


def share_of(run: RunContext, name: str, number: int) -> float:
    """Share of a class of the objects that a round asked for."""
    counts = Counter(o.class_name for s in run.dataset.scenes(number) for o in s.targets)
    return counts[name] / counts.total()


def main() -> None:
    """Command line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("classes", nargs="+", help="the last is made blind")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--images", type=int, default=280)
    parser.add_argument("--epochs", type=int, default=12)
    given = parser.parse_args()
    weak = given.classes[-1]
    for seed in given.seeds:
        folder = given.folder / str(seed)
        folder.mkdir(parents=True, exist_ok=True)  # what was done before is not done again
        record = RunRecord(name=f"weak-{seed}", request=", ".join(given.classes), created="")
        run = RunContext(folder, record, Settings(seed=seed, effort="quick"), auto_approve=True)
        classes = [ClassArgument(name=name) for name in given.classes]
        define(run, Wanted(kind="segment", classes=classes, images=given.images, rounds=2))
        before = one_round(run, [], given.epochs, unlabelled=weak)
        aim = json.loads(diagnose(run))["aim"]
        after = one_round(run, aim, given.epochs)
        shares = [round(share_of(run, weak, number), 2) for number in (1, 2)]
        print(json.dumps({"seed": seed, "aim": aim, "share": shares, "before": before, "after": after}), flush=True)


if __name__ == "__main__":
    main()
