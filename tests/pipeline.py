"""Fresh runs for tests of the steps from scenes to labels: small images of real shapes, all else as shipped."""

from pathlib import Path

from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskKind, TaskSpec
from tools.runs.runtime import RunContext, RunRecord


def new_run(
    folder: Path,
    *names: str,
    kind: TaskKind = "segment",
    images: int = 20,
    rounds: int = 2,
    minutes: float | None = None,
    generator: str = "tests.fakes:ShapeGenerator",
    **settings: object,
) -> RunContext:
    """A run with an approved task and nothing done yet."""
    folder.mkdir(parents=True, exist_ok=True)
    task = TaskSpec(
        kind=kind,
        classes=[ClassSpec(name=n) for n in names or ("apple",)],
        budget=Budget(images=images, rounds=rounds, minutes=minutes),
    )
    record = RunRecord(name="t", request="", created="2026-01-01T00:00:00+00:00", task=task, approved=True)
    options = {"size_px": 96, "runs_dir": folder, "memory_dir": folder / "memory", "generator": generator,
               "epoch_pictures": 1} | settings  # fmt: skip
    return RunContext(folder, record, Settings(**options))
