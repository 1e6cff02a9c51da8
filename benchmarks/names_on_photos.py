"""What the starter weights know by name, on photos: `python benchmarks/names_on_photos.py FOLDER [--weights FILE]`.

FOLDER holds labelled photos of many things (COCO's names, say). Of each class that the starter knows: how many there
are, box mAP50 among all known names, and how well everything that is labelled is found as "object". What a name can be
trusted with (docs/names.md) is read off here.
"""

import argparse
from pathlib import Path

from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.core.threads import prepare_for_torch
from tools.data.real import read_photos
from tools.data.real_labels import read_labels
from tools.data.sample import Sample
from tools.data.scores import Evaluation
from tools.generators.blender.catalogue import catalogue
from tools.label.by_name import network_of
from tools.metrics.predictions import ask, join
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.models.networks import build_network
from tools.models.predict import Predictor
from tools.trainers import starter_files
from tools.trainers.known import load_known

LEAST = 5  # instances of a class of which something can be said


def known_names(labels: list[str], known: tuple[str, ...]) -> dict[str, str]:
    """Label -> key of the catalogue, of those that the starter knows; each key once."""
    found: dict[str, str] = {}
    for label in labels:
        key = next((k for k in (label, (catalogue().find(label) or ("",))[0]) if k in known), None)
        if key is not None and key not in found.values():
            found[label] = key
    return found


def judged(model: Predictor, task: TaskSpec, samples: list[Sample]) -> Evaluation:
    """Box scores, of all labelled sizes."""
    answers = ask(model, samples, Path("/"), 0.001, lambda n: None)
    scorer = DetectionScorer(join(samples, answers, task), task.class_names, "detect", ScoringRules(bootstrap=0))
    return scorer.evaluation("real_test", scorer.threshold())


def task_of(names: list[str]) -> TaskSpec:
    """To find things of those names."""
    return TaskSpec(
        kind="detect", classes=[ClassSpec(name=n, drawn_as=n) for n in names], budget=Budget(images=1, rounds=1)
    )


def main() -> None:
    """Command line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, default=starter_files.WEIGHTS)
    given = parser.parse_args()
    starter, known = starter_files.load_starter(given.weights), load_known(given.weights)
    assert starter is not None and known is not None
    labels = sorted({i.class_name for _, image in read_labels(given.folder, False).entries for i in image.instances})
    names = known_names(labels, known.names)
    task = task_of(list(names))
    samples, _ = read_photos(given.folder, task, Settings().evaluation.class_map)
    size_px = starter[1].size_px
    by_name = Predictor(network_of(starter, known, list(names.values())), "segment", list(names), size_px)
    score = judged(by_name, task, samples)
    print(f"{len(names)} of {len(labels)} names, {len(samples)} photos: mean box mAP50 {score.box_map50:.3f}")
    parts = sorted(score.per_class.items(), key=lambda part: -(part[1].score or 0))
    for name, part in parts:
        if part.instances >= LEAST:
            print(f"{part.score or 0:.3f} {name} ({part.instances})")
    network = build_network(starter[1].architecture, starter[1].names)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in starter[0].items()})
    anything = Predictor(network.eval().fuse(verbose=False), "segment", ["object"], size_px)
    alike = [
        s.model_copy(update={"instances": [i.model_copy(update={"class_name": "object"}) for i in s.instances]})
        for s in samples
    ]
    print(f"as object, all of them: box mAP50 {judged(anything, task_of(['object']), alike).box_map50:.3f}")


if __name__ == "__main__":
    main()
