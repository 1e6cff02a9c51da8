"""RunContext: what each tool is handed. It owns the run's folder, record, data set, budget, clock and events."""

import json
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tools.core.errors import Code, FixArguments, StepFailed, Stopped
from tools.core.files import json_text
from tools.core.files import write_json as write_json  # its home was here
from tools.core.model_files import peak_memory
from tools.core.secrecy import hide_in
from tools.core.settings import Settings, grouped, kept_settings
from tools.core.task import TaskSpec
from tools.data.dataset import Dataset
from tools.data.scores import EVALUATED_ON, Audit, Diagnosis, EvaluatedOn, Evaluation, WeakSlice
from tools.runs.expected import Judged

RunStatus = Literal["running", "needs_answer", "finished", "failed", "stopped"]
Listener = Callable[[dict[str, Any]], None]
MAX_REPORT_CHARS = 1500
_SAID = ("error", "question", "chosen")  # fields of a record with texts that others made
_NAMES = ("name", "stage", "state")  # fields of an event that are words of ours
DEFAULT_RUNS = Path("runs")


class StageTime(BaseModel):
    """Wall-clock seconds of one stage; a stage that runs again adds up."""

    name: str
    round: int
    seconds: float


PHOTOS = "photos"  # focus of a round that learnt from the person's photos


class Round(BaseModel):
    """One trip round the loop."""

    number: int
    focus: list[str] = Field(default_factory=list, description="slices it aimed at, 'axis=value'")
    generated: int = 0
    kept: int = 0
    weights: str | None = Field(None, description="path relative to the run folder")
    scores: dict[str, Evaluation] = Field(default_factory=dict, description="keyed by what it was measured on")
    diagnosis: Diagnosis | None = None
    accepted: bool | None = Field(None, description="better than the best before, beyond noise")
    by_renders: bool = Field(False, description="accepted by rendered pictures, since photos could not tell")


class Best(BaseModel):
    """The weights that the run stands for."""

    round: int
    weights: str
    threshold: float


def _no_evaluation() -> dict[str, Evaluation | None]:
    return {"synthetic_test": None, "real_test": None}


class RunRecord(BaseModel):
    """`run.json`."""

    name: str
    request: str
    created: str
    status: RunStatus = "running"
    machine: str = Field("", description="the processor in words, for what the run's seconds say of later ones")
    settings: Annotated[dict[str, Any], BeforeValidator(kept_settings)] = Field(
        default_factory=dict, description="in groups; records of before held flat names"
    )
    chosen: dict[str, str] = Field(default_factory=dict, description="setting that the profile chose -> why")
    options: dict[str, Any] = Field(default_factory=dict, description="flags of the build: images, rounds, minutes...")
    real: str | None = None
    assets: str | None = None
    parent: str | None = Field(None, description="run whose weights and pictures this one goes on from")
    forks: dict[str, str] = Field(default_factory=dict, description="what was asked for -> the run that does it")
    few: str | None = Field(None, description="folder of a few labelled photos to learn from: never measured on")
    unlabelled: str | None = Field(None, description="folder of photos without labels to learn from, as the user asked")
    photo_notes: list[str] = Field(default_factory=list, description="what became of photos that are learnt from")
    task: TaskSpec | None = None
    estimate: dict[str, Any] | None = None
    approved: bool = False
    question: dict[str, Any] | None = None
    error: str | None = None
    error_code: str | None = Field(None, description="what the error is about, of `tools.core.errors.Code`")
    error_data: dict[str, Any] = Field(default_factory=dict, description="what goes with that code")
    lessons: list[dict[str, Any]] = Field(default_factory=list, description="past runs that changed this one")
    expected: list[Judged] | None = Field(None, description="runs that tell what it may do on photos; None: not asked")
    engines: dict[str, dict[str, Any]] = Field(default_factory=dict, description="version, licence, why chosen")
    rounds: list[Round] = Field(default_factory=list)
    best: Best | None = None
    learning: dict[str, Any] | None = Field(None, description="a learning from photos that is not finished yet")
    labelling: dict[str, Any] | None = Field(None, description="which labelling of photos the person approved")
    labelled: dict[str, Any] | None = Field(None, description="what labelling the user's own photos gave")
    visitor: bool = Field(False, description="somebody else than the machine's owner speaks: none of its paths count")
    evaluation: dict[str, Evaluation | None] = Field(default_factory=_no_evaluation)
    audits: dict[str, Audit] = Field(default_factory=dict, description="annotator -> its labels against exact ones")
    baselines: dict[str, Evaluation] = Field(default_factory=dict, description="untrained model -> on the real test")
    exports: dict[str, Any] = Field(default_factory=dict)
    stages: list[StageTime] = Field(default_factory=list)
    totals: dict[str, float] = Field(default_factory=dict)

    # The model that is handed over: whoever shows a figure of a run takes it from here.

    @property
    def best_round(self) -> Round | None:
        """The round whose weights the run stands for; None before one was measured."""
        return next((r for r in self.rounds if self.best is not None and r.number == self.best.round), None)

    @property
    def scores(self) -> dict[EvaluatedOn, Evaluation]:
        """What its model scores, by what it was measured on: photos first, tests before what decides.

        What was measured again, when later rounds had added images, counts before its own round's figures.
        """
        chosen = self.best_round
        found = dict(chosen.scores) if chosen is not None else {}
        found |= {on: e for on, e in self.evaluation.items() if e is not None}
        return {on: found[on] for on in EVALUATED_ON if on in found}

    @property
    def deciding_scores(self) -> Evaluation | None:
        """Its scores on the images that decide: photos where there are any."""
        decides: tuple[EvaluatedOn, ...] = ("real_val", "cross_val", "synthetic_val")
        return next((self.scores[on] for on in decides if on in self.scores), None)

    @property
    def weak(self) -> list[WeakSlice]:
        """Where its model is weak; not where a round was that it was kept against."""
        chosen = self.best_round
        return chosen.diagnosis.weak if chosen is not None and chosen.diagnosis is not None else []

    @property
    def images(self) -> tuple[int, int]:
        """Images kept and made, all rounds together."""
        return sum(r.kept for r in self.rounds), sum(r.generated for r in self.rounds)


def read_record(folder: Path) -> RunRecord:
    """`run.json` of a run.

    Raises:
        FixArguments: there is none, it cannot be read or is damaged.
    """
    path = folder / "run.json"
    try:
        return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FixArguments(f"there is no run {folder.name!r} in {folder.parent}", Code.NO_RUN) from None
    except NotADirectoryError:
        raise FixArguments(f"{folder} is no run's folder: a file is in its place or above it; see --runs-dir") from None
    except OSError as error:
        place = str(folder.parent)[:200]
        raise FixArguments(
            f"there is no run {folder.name[:80]!r} that can be read in {place} ({error.strerror}); see --runs-dir"
        ) from None
    except ValueError as error:
        raise FixArguments(f"{path} is damaged: {str(error).splitlines()[0]}") from None


def readable_runs(runs_dir: Path) -> Iterator[tuple[Path, RunRecord]]:
    """Folder and record of every run; one that is damaged or being deleted is passed over."""
    for path in runs_dir.glob("*/run.json"):
        if path.parent.name.startswith("."):
            continue
        try:
            yield path.parent, read_record(path.parent)
        except FixArguments:
            continue


def without_model(folder: Path) -> FixArguments:
    """The refusal of what needs a run's model before there is one."""
    return FixArguments(f"{folder.name} has no trained model yet", Code.UNFINISHED, {"folder": str(folder)})


def resume_command(folder: Path, *flags: str) -> str:
    """The command that goes on with the run in a folder, to be copied; names the folder of runs where it must."""
    words = ["sightsmith", "resume", folder.name, *flags]
    if folder.parent.resolve() != DEFAULT_RUNS.resolve():
        words += ["--runs-dir", str(folder.parent)]
    return shlex.join(words)


class RunContext:
    """Everything a tool may touch."""

    def __init__(
        self,
        folder: Path,
        record: RunRecord,
        settings: Settings,
        *,
        listener: Listener | None = None,
        auto_approve: bool = False,
    ) -> None:
        self.folder = folder
        self.record = record
        self.settings = settings
        self.auto_approve = auto_approve
        self.dataset = Dataset(folder)
        self.stop_requested = threading.Event()
        self._listener = listener
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._seconds_before = record.totals.get("seconds", 0.0)

    def change_settings(self, **values: Any) -> None:
        """Set settings by their flat names, in the run's record too."""
        self.settings.change(**values)
        self.record.settings = grouped(self.record.settings, values)

    # The record -------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write `run.json`; what others said and is kept in it holds no secret."""
        for name in _SAID:
            setattr(self.record, name, hide_in(getattr(self.record, name)))
        self.record.totals["seconds"] = round(self.elapsed_s(), 2)
        inside = sum(s.seconds for s in self.record.stages)
        self.record.totals["seconds_outside_tools"] = round(max(0.0, self.elapsed_s() - inside), 2)
        write_json(self.folder / "run.json", self.record.model_dump(mode="json"))

    @property
    def task(self) -> TaskSpec:
        """The approved task.

        Raises:
            FixArguments: no task is defined and approved yet.
        """
        if self.record.task is None or not self.record.approved:
            raise FixArguments("No task is defined yet. Call define_task first.")
        return self.record.task

    @property
    def round(self) -> Round:
        """The current round.

        Raises:
            FixArguments: no round has begun.
        """
        if not self.record.rounds:
            raise FixArguments("No scenes are designed yet. Call design_scenes first.")
        return self.record.rounds[-1]

    def round_folder(self, number: int | None = None) -> Path:
        """`rounds/NN/` of the current or a given round, made when missing."""
        folder = self.folder / "rounds" / f"{number or self.round.number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def path(self, relative: str) -> Path:
        """A path of the record, absolute."""
        return self.folder / relative

    def relative(self, path: Path) -> str:
        """A path as the record keeps it."""
        return path.resolve().relative_to(self.folder.resolve()).as_posix()

    # Budget and clock -------------------------------------------------------------------------------------------

    def elapsed_s(self) -> float:
        """Seconds the run has worked, over all its resumes."""
        return self._seconds_before + time.monotonic() - self._started

    def remaining_s(self) -> float:
        """Seconds left of the minutes budget; infinite without one."""
        task = self.record.task
        if task is None or task.budget.minutes is None:
            return float("inf")
        return task.budget.minutes * 60 - self.elapsed_s()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Time that passes in here is the person's, not the run's."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._started += time.monotonic() - began

    def check_stop(self) -> None:
        """Called between units of work.

        Raises:
            Stopped: the person asked to stop.
        """
        if self.stop_requested.is_set():
            raise Stopped("stopped by the user")

    # Events -----------------------------------------------------------------------------------------------------

    def emit(self, kind: str, **fields: Any) -> None:
        """Append a line to `events.jsonl` and tell the listener. Kinds: stage, progress, loss, note, tool, error..."""
        event = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "kind": kind}
        event |= {key: value if key in _NAMES else hide_in(value) for key, value in fields.items()}
        with self._lock, (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json_text(event) + "\n")
        if self._listener is not None:
            self._listener(event)

    def listen(self, listener: Listener) -> None:
        """Tell this listener of events from now on."""
        self._listener = listener

    def progress(self, stage: str, done: int, total: int, **fields: Any) -> None:
        """Tell how far a stage is."""
        self.emit("progress", stage=stage, done=done, total=total, **fields)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; its seconds are kept also when it fails."""
        number = self.record.rounds[-1].number if self.record.rounds else 1
        self.emit("stage", name=name, round=number, state="started")
        started = time.monotonic()
        state = "failed"
        try:
            yield
            state = "done"
        finally:
            seconds = time.monotonic() - started
            known = next((s for s in self.record.stages if (s.name, s.round) == (name, number)), None)
            if known is None:
                self.record.stages.append(StageTime(name=name, round=number, seconds=round(seconds, 3)))
            else:
                known.seconds = round(known.seconds + seconds, 3)
            self.save()
            self.emit(
                "stage", name=name, round=number, state=state, seconds=round(seconds, 3), peak_memory_mib=peak_memory()
            )


def report(**fields: Any) -> str:
    """A tool's answer to the model: JSON of at most `MAX_REPORT_CHARS`; lists are cut before anything else.

    Raises:
        StepFailed: the fields do not fit even with empty lists (a bug in the tool).
    """
    kept = {k: v for k, v in fields.items() if v not in (None, [], {})}
    text = json.dumps(kept, ensure_ascii=False, default=str)
    while len(text) > MAX_REPORT_CHARS:
        longest = max((k for k, v in kept.items() if isinstance(v, list | dict | str) and v), default=None,
                      key=lambda k: len(json.dumps(kept[k], ensure_ascii=False, default=str)))  # fmt: skip
        if longest is None:
            raise StepFailed("the report of this step is too long")
        value = kept[longest]
        if isinstance(value, list):
            kept[longest] = value[: len(value) // 2]
        elif isinstance(value, dict):
            kept[longest] = dict(list(value.items())[: len(value) // 2])
        else:
            kept[longest] = value[: len(value) // 2] + "…" if len(value) > 2 else ""
        text = json.dumps(kept, ensure_ascii=False, default=str)
    return text
