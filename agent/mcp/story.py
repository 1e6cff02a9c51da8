"""What happened in a run, as a conversation: read from its events as they come, kept small whatever their number."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

EntryKind = Literal["note", "warning", "question", "answer", "step", "summary", "failed", "stopped"]
_CHUNK = 1 << 22  # bytes read at a time: events of a long run do not fill the memory
_RECENT = 20  # progress reports the speed is taken from


@dataclass
class Step:
    """One stage of one round."""

    name: str
    round: int
    state: Literal["running", "done", "failed", "stopped"] = "running"
    seconds: float = 0.0
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    about: dict[str, float] = field(default_factory=dict)  # numbers of the latest progress: loss, seconds an image
    _recent: list[tuple[float, int]] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """What it dealt with: images of its round, however much of the work is of other rounds; epochs that ran."""
        return int(self.about.get("pictures", self.done))

    def advance(self, at_s: float, event: dict[str, Any]) -> None:
        """Take in a progress event; the time left is by the speed of the latest few."""
        self.done, self.total = int(event["done"]), int(event["total"])
        known = {"time", "kind", "stage", "done", "total"}
        self.about |= {k: float(v) for k, v in event.items() if k not in known and isinstance(v, int | float)}
        self._recent = [*self._recent[-_RECENT + 1 :], (at_s, self.done)]
        (first_s, first), (last_s, last) = self._recent[0], self._recent[-1]
        if last > first and last_s > first_s:
            self.seconds_left = (self.total - last) * (last_s - first_s) / (last - first)


@dataclass
class Entry:
    """One thing said or done."""

    kind: EntryKind
    text: str = ""
    step: Step | None = None
    asked: dict[str, Any] | None = None  # a question, or what an answer is the answer to
    code: str | None = None  # what a failure is about (`tools.core.errors.Code`), and its data
    data: dict[str, Any] = field(default_factory=dict)


class Story:
    """Reads `events.jsonl` from where it was left; `entries` and `losses` are what it says so far."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.jsonl"
        self.entries: list[Entry] = []
        self.losses: dict[int, dict[int, tuple[float, float | None]]] = {}  # round -> epoch -> loss, validation score
        self._offset = 0
        self._rest = b""
        self._round = 1

    def read(self) -> bool:
        """Take in what was written since; whether there was anything."""
        before = self._offset
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                while chunk := file.read(_CHUNK):
                    self._offset += len(chunk)
                    *lines, self._rest = (self._rest + chunk).split(b"\n")
                    for line in lines:
                        self._take_line(line)
        except OSError:
            return False
        return self._offset > before

    @property
    def running(self) -> Step | None:
        """The step in hand."""
        return next((e.step for e in reversed(self.entries) if e.step is not None and e.step.state == "running"), None)

    def _take_line(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            take = getattr(self, f"_on_{event['kind']}", None)
            if take is not None:
                take(event)
        except (ValueError, KeyError, TypeError):
            return  # a line that a kill cut

    def _step(self, name: str, number: int) -> Step | None:
        found = (e.step for e in reversed(self.entries) if e.step is not None)
        return next((s for s in found if (s.name, s.round) == (name, number)), None)

    def _on_stage(self, event: dict[str, Any]) -> None:
        self._round = int(event["round"])
        step = self._step(event["name"], self._round)
        if event["state"] == "started":
            if step is None or step.state != "running":  # one that was killed goes on
                self.entries.append(Entry("step", step=Step(event["name"], self._round)))
            return
        if step is not None:
            step.state = "done" if event["state"] == "done" else "failed"
            step.seconds += float(event["seconds"])

    def _on_progress(self, event: dict[str, Any]) -> None:
        step = self._step(event["stage"], self._round)
        if step is not None and step.state == "running":
            step.advance(datetime.fromisoformat(event["time"]).timestamp(), event)

    def _on_loss(self, event: dict[str, Any]) -> None:
        score = event.get("val_score")
        point = (float(event["loss"]), None if score is None else float(score))
        self.losses.setdefault(self._round, {})[int(event["epoch"])] = point

    def _on_question(self, event: dict[str, Any]) -> None:
        last = next((e for e in reversed(self.entries) if e.kind in ("question", "answer")), None)
        if last is None or last.kind == "answer" or last.asked != event["asked"]:  # asked again after a restart
            self.entries.append(Entry("question", str(event["asked"].get("question", "")), asked=event["asked"]))

    def _on_answer(self, event: dict[str, Any]) -> None:
        asked = next((e.asked for e in reversed(self.entries) if e.kind in ("question", "answer")), None)
        self.entries.append(Entry("answer", str(event["text"]), asked=asked))

    def _on_note(self, event: dict[str, Any]) -> None:
        text = str(event["text"])
        if not any(e.kind == "note" and e.text == text for e in self.entries[-8:]):  # said again after a resume
            self.entries.append(Entry("note", text))

    def _on_warning(self, event: dict[str, Any]) -> None:
        last = self.entries[-1] if self.entries else None
        if last is None or last.kind != "warning":  # one line for a row of failed scenes: the latest
            self.entries.append(Entry("warning"))
        self.entries[-1].text = str(event["text"])

    def _on_summary(self, event: dict[str, Any]) -> None:
        self.entries.append(Entry("summary", str(event["text"])))

    def _on_end(self, event: dict[str, Any]) -> None:
        for entry in self.entries:
            if entry.step is not None and entry.step.state == "running":
                entry.step.state = "stopped"
        if event["status"] in ("failed", "stopped"):
            code, data = event.get("code"), event.get("data") or {}
            self.entries.append(Entry(event["status"], str(event.get("error") or ""), code=code, data=data))
