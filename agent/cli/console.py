"""What the command line shows: live progress by `rich`, plans and questions, run tables."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.prompt import Prompt
from rich.table import Table

from agent import spending
from agent.cli.ways import way_out, with_way
from agent.report.scores import reported
from tools.annotators.audit import sentence
from tools.core.errors import Code
from tools.data.scores import Evaluation
from tools.runs.expected import said
from tools.runs.profile import EngineOption, Machine
from tools.runs.runtime import RunRecord

STAGES = {
    "define": "Understanding the task", "design": "Designing scenes", "generate": "Making pictures",
    "score": "Scoring pictures", "curate": "Removing copies and outliers", "annotate": "Checking labels",
    "train": "Training", "evaluate": "Measuring", "diagnose": "Looking for weak spots",
    "export_model": "Exporting the model", "export_dataset": "Exporting the data set", "report": "Writing the report",
    "label": "Labelling photos", "learn": "Learning from photos", "shown": "Looking at the shown photos",
    "improve": "Improving photos",
}  # fmt: skip
SET_NAMES = {
    "synthetic_val": "synthetic validation", "synthetic_test": "synthetic test",
    "real_val": "real photos (validation)", "real_test": "real photos (test)",
    "cross_val": "shown photos (cross-validated)",
}  # fmt: skip


PIPE_WIDTH = 120  # columns where no terminal says its own


def _rich(stream: TextIO, quiet: bool = False) -> RichConsole:
    """Never breaks a line of text: commands in it are there to be copied."""
    width = None if stream.isatty() else PIPE_WIDTH
    return RichConsole(file=stream, quiet=quiet, highlight=False, soft_wrap=True, width=width)


class Console:
    """Draws events as they come; everything goes to stderr so that stdout stays for results."""

    def __init__(self, quiet: bool = False, folder: Path = Path()) -> None:
        self._folder = folder  # of the run whose questions are put
        self._out = _rich(sys.stderr, quiet)
        self._progress = Progress(
            TextColumn("[bold]{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[extra]}"), console=self._out, transient=True,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Console":
        self._progress.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def note(self, text: str) -> None:
        """A line of plain text."""
        self._out.print(escape(text))

    def on_event(self, event: dict[str, Any]) -> None:
        """Draw one event of `events.jsonl`."""
        kind = event["kind"]
        if kind == "progress":
            self._advance(event)
        elif kind == "loss":
            self._show_loss(event)
        elif kind == "stage" and event["state"] != "started":
            self._finish(event)
        elif kind in ("note", "warning"):
            self._out.print(f"  [dim]{escape(str(event.get('text', '')))}[/]")

    def ask(self, question: dict[str, Any]) -> str | None:
        """Put a plan or a question to the person; None when they leave without an answer."""
        self._progress.stop()
        try:
            if question.get("kind") == "approve":
                self._print_plan(question)
                return Prompt.ask("Go ahead? [bold]yes[/], [bold]no[/], or say what to change", console=self._out)
            self._out.print(f"\n[bold]{escape(str(question.get('question', '')))}[/]")
            if way := way_out(question.get("code"), question.get("data") or {}, self._folder):
                self._out.print(escape(way))
            for option in question.get("options") or []:
                self._out.print(f"  · {escape(str(option))}")
            return Prompt.ask("Your answer", console=self._out)
        except (EOFError, KeyboardInterrupt):
            return None
        finally:
            self._progress.start()

    def print_end(self, record: RunRecord, folder: Path) -> None:
        """How the run ended, how to go on, and what a language model has cost."""
        out = _rich(sys.stdout)
        self._say_end(out, record, folder)
        if cost := spending.sentence(record):
            out.print(escape(cost))

    def _say_end(self, out: RichConsole, record: RunRecord, folder: Path) -> None:
        if record.status == "finished" and record.best is None and record.labelled is not None:
            for key in ("photos", "labels", "left_out", "to_review", "by", "lost", "written_to", "report", "set"):
                out.print(f"{key.replace('_', ' ')}: {escape(str(record.labelled.get(key)))}")
            return
        if record.status == "finished":
            _print_scores(out, record)
            out.print(
                f"Model and data: {escape(str(folder / 'export'))}\nReport: {escape(str(folder / 'report.html'))}"
            )
            return
        if record.status == "needs_answer" and record.question is not None:
            if record.question.get("kind") == "approve":
                self._print_plan(record.question)
                hint = f"sightsmith resume {record.name} --yes"
            else:
                out.print(f"[bold]{escape(str(record.question.get('question')))}[/]")
                if way := way_out(record.question.get("code"), record.question.get("data") or {}, folder):
                    out.print(escape(way))
                hint = f'sightsmith resume {record.name} --answer "..."'
            out.print(f"The run waits for an answer. Go on with: {escape(_with_dir(hint, folder))}")
            return
        out.print(f"[red]{record.status}[/]: {escape(_why(record, folder))}")
        go_on = f" Go on with: {_with_dir(f'sightsmith resume {record.name}', folder)}"
        if record.error_code == Code.WITHOUT_MODEL:
            go_on = ""  # with the same model the run would end so again; the way out stands above
        out.print(f"Everything done so far is kept.{escape(go_on)}")

    def _advance(self, event: dict[str, Any]) -> None:
        stage, total = event["stage"], event["total"]
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(STAGES.get(stage, stage), total=total, extra="")
        self._progress.update(self._tasks[stage], completed=event["done"], total=total)
        if not self._out.is_terminal and total and event["done"] in (total, total // 2):
            self._out.print(f"  {STAGES.get(stage, stage)}: {event['done']}/{total}")

    def _show_loss(self, event: dict[str, Any]) -> None:
        score = event.get("val_score")
        extra = f"loss {event['loss']:.3f}" + (f", validation {score:.3f}" if score is not None else "")
        if "train" in self._tasks:
            self._progress.update(self._tasks["train"], extra=extra)

    def _finish(self, event: dict[str, Any]) -> None:
        name = event["name"]
        task = self._tasks.pop(name, None)
        if task is not None:
            self._progress.remove_task(task)
        mark = "[green]✓[/]" if event["state"] == "done" else "[red]✗[/]"
        label = STAGES.get(name, name)
        self._out.print(f"{mark} round {event['round']}  {escape(label)}  [dim]{event['seconds']:.1f} s[/]")

    def _print_plan(self, question: dict[str, Any]) -> None:
        if question.get("reply"):
            self._out.print(f"\n{escape(str(question['reply']))}\n")
        table = Table(show_header=False, title="The plan", title_justify="left", box=None, padding=(0, 2))
        for key, value in question["plan"].items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            table.add_row(escape(key.replace("_", " ")), escape(text))
        self._out.print(table)


def print_runs(records: list[RunRecord], runs_dir: Path) -> None:
    """A table of runs."""
    out = _rich(sys.stdout)
    if not records:
        out.print(f'No runs in {escape(str(runs_dir))}. Start one: sightsmith build "build me an apple segmenter"')
        return
    table = Table("run", "status", "request", "synthetic test", "real test", "minutes", box=None)
    for record in records:
        table.add_row(
            escape(record.name), record.status, escape(record.request[:60]),
            _short(record.scores.get("synthetic_test")), _short(record.scores.get("real_test")),
            f"{record.totals.get('seconds', 0) / 60:.1f}",
        )  # fmt: skip
    out.print(table)


def print_record(record: RunRecord, folder: Path) -> None:
    """One run in some detail."""
    out = _rich(sys.stdout)
    out.print(f"[bold]{escape(record.name)}[/]  {record.status}  “{escape(record.request)}”")
    if record.error:
        out.print(f"[red]{escape(_why(record, folder))}[/]")
    if cost := spending.sentence(record):
        out.print(escape(cost))
    for number in record.rounds:
        aimed = f", aimed at {', '.join(number.focus)}" if number.focus else ""
        out.print(f"round {number.number}: {number.generated} pictures, {number.kept} kept{escape(aimed)}")
    _print_scores(out, record)
    for measured in record.audits.values():
        out.print(escape(sentence(measured)))
    if (folder / "report.html").exists():
        out.print(f"report: {escape(str(folder / 'report.html'))}")


def print_doctor(machine: Machine, llm: str, rows: list[EngineOption]) -> None:
    """Engines by stage: taken or not, why, and what is missing."""
    out = _rich(sys.stdout)
    out.print(f"This machine: {escape(machine.sentence())}\nLanguage model: {escape(llm)}")
    table = Table("stage", "engine", "", "why", "for more", box=None)
    for row in rows:
        state = "[green]taken[/]" if row.taken else "can run" if row.usable else "[dim]missing[/]"
        table.add_row(row.stage, escape(row.engine), state, escape(row.why), escape(row.missing))
    out.print(table)


def print_libraries(libraries: Sequence[dict[str, Any]], folder: Path) -> None:
    """Model libraries: how many things each adds, under which licences, what is wrong with one, how to get more."""
    from tools.generators.blender.models.libraries import HOW_TO_GET

    out = _rich(sys.stdout)
    table = Table("model library", "models", "things it adds", "licence", "", box=None)
    for row in libraries:
        state = escape(row["problem"]) or "[green]taken[/]"
        table.add_row(escape(row["path"]), str(row["models"]), str(row["adds"]), escape(row["licences"]), state)
    out.print(table)
    out.print(f"More models: {escape(HOW_TO_GET.format(folder=folder))}", soft_wrap=True)


def _print_scores(out: RichConsole, record: RunRecord) -> None:
    table = Table("measured on", "score", "95 % interval", "precision", "recall", "pictures", "instances", box=None)
    rows: list[tuple[str, Evaluation | None]] = [(k, record.scores.get(k)) for k in reported(record)]
    rows += [(f"untrained {name}, same photos", scores) for name, scores in record.baselines.items()]
    for key, scores in rows:
        if scores is None:
            hint = "bring labelled photos with --real" if key == "real_test" else ""
            table.add_row(SET_NAMES[key], "—", hint)
            continue
        interval = scores.intervals.get(scores.metric)
        table.add_row(
            escape(SET_NAMES.get(key, key)), _short(scores), f"{interval[0]:.2f}-{interval[1]:.2f}" if interval else "",
            _number(scores.precision), _number(scores.recall), str(scores.images), str(scores.instances),
        )  # fmt: skip
    out.print(table)
    if record.expected is not None and record.scores.get("real_test") is None:
        out.print(escape(said(record.expected)), soft_wrap=True)


def _short(scores: Evaluation | None) -> str:
    if scores is None or scores.score is None:
        return "—"
    return f"{scores.metric.replace('_', ' ')} {scores.score:.2f}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _why(record: RunRecord, folder: Path) -> str:
    """What a run ended by, and the way out."""
    return with_way(record.error or "", record.error_code, record.error_data, folder)


def _with_dir(command: str, folder: Path) -> str:
    return command if folder.parent == Path("runs") else f"{command} --runs-dir {folder.parent}"


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
