"""A hash of everything that decides what a training gives, except the clock."""

import hashlib
import json
from typing import Any

from tools.trainers import TrainingJob


def job_fingerprint(job: TrainingJob, *more: Any) -> str:
    """Hex digest over images, labels, splits, settings and initial weights.

    Args:
        job: the training.
        more: anything JSON can hold that decides the result as well, such as the settings of an engine.
    """
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        digest.update(json.dumps(value, sort_keys=True, default=str).encode() + b"\n")

    add([job.task.kind, job.task.class_names, job.epochs, job.size_px, job.batch, job.seed, job.patience])
    add(more)
    for split in (job.train, job.val, job.unlabelled):
        add([[s.id, s.sha256, s.label, [i.model_dump() for i in (*s.instances, *s.lookalikes)]] for s in split])
    if job.initial is not None:
        digest.update(job.initial.read_bytes())
    return digest.hexdigest()
