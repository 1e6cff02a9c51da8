"""A thing that was shown once is known by its name: the photos of the earlier run are learnt from again."""

from collections.abc import Sequence
from pathlib import Path

from tools.core.task import TaskKind
from tools.runs.runtime import RunContext, RunRecord, readable_runs


def shown_before(run: RunContext, kind: TaskKind, names: Sequence[str]) -> RunRecord | None:
    """The latest run that learnt just these classes from shown photos that are still there; None: there is none.

    Args:
        run: whose neighbours are looked through. A visitor's run never takes up somebody else's photos.
        kind: of the task; whole photos that were told apart have no boxes to find things by, and the other way round.
        names: of the classes, in any order and case.
    """
    if run.record.visitor:
        return None
    wanted = {name.casefold() for name in names}
    found = [record for _, record in readable_runs(run.folder.parent)]
    for record in sorted(found, key=lambda r: r.created, reverse=True):
        if record.task is None or record.few is None or record.best is None or record.visitor:
            continue
        same_kind = (record.task.kind == "classify") == (kind == "classify")
        if same_kind and {n.casefold() for n in record.task.class_names} == wanted and Path(record.few).is_dir():
            return record
    return None
