"""What other programs may do here by MCP, and how a run is followed for them; the protocol is `agent.mcp.server`.

Who calls is a language model, so nothing it names is taken for the word of a person: runs are named by name, photos
must lie in a folder that the person named when the server was started, and money is a limit that the person gave then.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent import detached, spending
from agent.mcp.story import Story
from tools.core.errors import Code, FixArguments, SightsmithError, StepFailed
from tools.core.processes import environment, module_command
from tools.core.settings import Settings
from tools.runs.runtime import RunRecord, read_record, write_json

ENDED = ("finished", "failed", "stopped")
_POLL_S = 0.3
# Ways out as a client of this server has them: tools and their arguments, by what is the matter.
_WAYS: dict[str, str] = {
    Code.WITHOUT_MODEL: "the owner of this server must look after its language model; call answer with an empty text "
    "to try again",
    Code.UNCOVERED: "it can be learnt from a few photos: call build anew with few=FOLDER",
    Code.UNFINISHED: "call answer with an empty text to go on with it",
    Code.NO_RUN: "list_runs has those that are there",
    Code.BEGUN: "call build with few=FOLDER",
}
_LAST_CHARS = 1500  # of what a command said when it failed
TellProgress = Callable[[float, float | None, str], Awaitable[None]]
# Shown a question of a run; the answer, or None when nobody answers.
AskPerson = Callable[[dict[str, Any]], Awaitable[str | None]]


@dataclass
class Door:
    """The limits of one server.

    Args:
        runs_dir: where runs are kept.
        photos: folders whose photos may be named.
        money: US dollars that the runs started here may cost in all.
    """

    runs_dir: Path
    photos: tuple[Path, ...] = ()
    money: float = 0.0
    settings: Settings = field(default_factory=Settings)
    promised: float = 0.0  # US dollars that runs of this server may still cost or have cost
    paid: set[str] = field(default_factory=set)  # runs whose money is among them

    def folder(self, run: str) -> Path:
        """The folder of a run by its name alone.

        Raises:
            FixArguments: it is no name, or there is no such run.
        """
        if not run or Path(run).name != run or run.startswith("."):
            raise FixArguments(f"{run!r} is no name of a run; list_runs has them")
        read_record(self.runs_dir / run)
        return self.runs_dir / run

    def place(self, path: str) -> Path:
        """A path that may be read: within a folder that the person named with --photos, links followed.

        Raises:
            FixArguments: it is not, or is not there; outside, whether it exists is not said.
        """
        wanted = Path(path).expanduser().resolve()
        if not any(wanted.is_relative_to(folder.expanduser().resolve()) for folder in self.photos):
            named = ", ".join(map(str, self.photos)) or "none"
            raise FixArguments(
                f"{path}: not within a folder that this server may read ({named}). Its owner can allow one by starting "
                "it with --photos DIR; nobody else can."
            )
        if not wanted.exists():
            raise FixArguments(f"{path}: there is no such photo or folder")
        return wanted

    def promise(self, money: float) -> None:
        """Set money aside for a run.

        Raises:
            FixArguments: it is no sum, or more than is left of what the person allowed.
        """
        if not 0 <= money < float("inf"):
            raise FixArguments(f"money must be US dollars, 0 or more, not {money:g}")
        left = self.money - self.promised
        if money > left:
            raise FixArguments(
                f"${money:.2f} is more than the ${max(0.0, left):.2f} that this server may still spend, of "
                f"${self.money:.2f} in all. Its owner can allow more by starting it with --money USD; without money "
                "everything is made on this machine."
            )
        self.promised += money

    def start(self, request: str, options: dict[str, Any], real: str | None, few: str | None) -> str:
        """Set a worker on a new run; returns its name. Nothing is spent before its plan is approved.

        Raises:
            FixArguments: a path or sum that is not allowed, or an empty request.
            StepFailed: the runs folder cannot be written.
        """
        folders = {k: None if v is None else self.place(v) for k, v in (("real", real), ("few", few))}
        money = float(options.get("money") or 0.0)
        self.promise(money)
        settings = self.settings.model_copy(update={"runs_dir": self.runs_dir})
        try:
            # As a visitor's: a path in the request is the model's word, not the owner's.
            name = detached.start(
                request, settings, {}, real=folders["real"], few=folders["few"],
                options={**options, "money": money}, visitor=True,
            )  # fmt: skip
        except Exception:
            self.promised -= money
            raise
        self.paid.add(name)
        return name

    async def follow(self, run: str, told: TellProgress, asked: AskPerson, *, wait: bool) -> dict[str, Any]:
        """Go along with a run: tell how far it is, have its questions answered, until it ends or is on its way.

        Args:
            run: its name.
            told: steps done, of how many (None: unknown), and a sentence.
            asked: has a question answered.
            wait: until it has ended; else only until it works on an approved plan.

        Returns:
            See `status`.
        """
        folder, story, steps, last = self.folder(run), Story(self.folder(run)), 0, ""
        while True:
            record = await asyncio.to_thread(detached.current, folder)
            sentence = await asyncio.to_thread(_sentence, story, record)
            if sentence != last:
                steps, last = steps + 1, sentence
                await told(float(steps), None, sentence)
            if record.status == "needs_answer" and record.question is not None:
                answer = await asked(record.question)
                if answer is None:
                    return self.status(run)
                await asyncio.to_thread(detached.go_on, folder, {}, answer=answer, visitor=True)
            elif record.status in ENDED or (record.approved and not wait):
                return self.status(run)
            await asyncio.sleep(_POLL_S)

    def status(self, run: str) -> dict[str, Any]:
        """Where a run stands, in a few hundred characters."""
        folder = self.folder(run)
        record = detached.current(folder)
        said = {
            "run": run, "request": record.request, "status": record.status, "error": record.error,
            "question": record.question, "rounds": len(record.rounds), "pictures_kept": record.images[0],
            "scores": {on: {e.metric: round(float(getattr(e, e.metric) or 0), 3), "threshold": e.threshold}
                       for on, e in record.scores.items()},
            "weak": [f"{w.axis}={w.value} ({w.score:.2f})" for w in record.weak[:3]],
            "best_model": None if record.best is None else str(folder / record.best.weights),
            "language_model": spending.sentence(record) or None, "next": _next(record),
        }  # fmt: skip
        return {k: v for k, v in said.items() if v not in (None, [], {})}

    def visit(self, run: str) -> Path:
        """The folder of a run that is to be talked to: from then on it is a visitor's, whose paths do not count.

        Raises:
            FixArguments: there is no such run, or it may still spend more than this server.
        """
        folder = self.folder(run)
        record = read_record(folder)
        if run not in self.paid and record.task is not None:
            self.promise(record.task.budget.money)
            self.paid.add(run)
        if not record.visitor:
            record.visitor = True
            write_json(folder / "run.json", record.model_dump(mode="json"))
        return folder

    async def command(self, *arguments: str, also: Sequence[int] = ()) -> str:
        """What a command of the command line prints, run in a process of its own; cancelled, it is ended.

        Args:
            arguments: its name, then what follows.
            also: exit codes that are answers too, where something was printed.

        Raises:
            StepFailed: it failed; says what it said.
        """
        name, *rest = arguments
        command = module_command("agent.cli.app", name, "--runs-dir", str(self.runs_dir.resolve()), *rest)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=environment(keys=True), cwd=self.runs_dir,
        )  # fmt: skip
        try:
            out, err = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode and not (process.returncode in also and out):
            said = err.decode(errors="replace").strip()[-_LAST_CHARS:]
            raise StepFailed(said.removeprefix("sightsmith: ") or f"`sightsmith {name}` failed")
        return out.decode(errors="replace")

    def report(self, run: str) -> str:
        """The report of a run as Markdown.

        Raises:
            FixArguments: there is none yet.
        """
        path = self.folder(run) / "report.md"
        if not path.is_file():
            raise FixArguments(f"{run} has no report yet; it is written when the run ends")
        return path.read_text(encoding="utf-8")

    def record(self, run: str) -> dict[str, Any]:
        """`run.json` with the truth about the run's process."""
        found: dict[str, Any] = detached.current(self.folder(run)).model_dump(mode="json")
        return found


def worded(error: SightsmithError) -> str:
    """A refusal, with the way out that a client of this server has."""
    said = str(error)
    return f"{said.rstrip('.')}; {_WAYS[error.code]}" if error.code in _WAYS else said


def question_text(question: dict[str, Any]) -> str:
    """A question or a plan as text for a person."""
    lines = [str(question["question"])] if question.get("question") else []
    lines += [_WAYS[code]] if (code := question.get("code")) in _WAYS else []
    lines += [f"{k}: {', '.join(v) if isinstance(v, list) else v}" for k, v in question.get("plan", {}).items()]
    options: Sequence[str] = question.get("options") or ()
    return "\n".join([*lines, *(f"- {o}" for o in options)]) or json.dumps(question, ensure_ascii=False)


def _sentence(story: Story, record: RunRecord) -> str:
    """How far a run is, in a few words."""
    story.read()
    step = next((e.step for e in reversed(story.entries) if e.step is not None), None)
    if step is None or record.status != "running":
        return record.status.replace("_", " ")
    return f"round {step.round}, {step.name}" + (f" {step.done}/{step.total}" if step.total else "")


def _next(record: RunRecord) -> str | None:
    """What the caller can do now."""
    if record.status == "needs_answer":
        way = _WAYS.get((record.question or {}).get("code", ""))
        return f"a person must answer its question: call answer with their words{f'. {way}' if way else ''}"
    if record.status == "failed" and record.error_code in _WAYS:
        return _WAYS[record.error_code]
    if record.status == "stopped":
        return "call answer with an empty text to go on where it was"
    if record.status == "running":
        return "call status or watch"
    return "predict, label and export use its model" if record.best is not None else None
