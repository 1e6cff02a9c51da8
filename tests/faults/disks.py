"""Builds under hardship: a full disk, a read-only one, few file descriptors, a clock that jumps, a full /tmp.

Each ends by itself or with a sentence; gone on with in a better world it is what it would have been.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.facts import differing
from tests.faults.jobs import Job, Process, build

KINDS = ("a full disk", "a read-only disk", "64 file descriptors", "a clock that jumps", "a full /tmp and /dev/shm")
_HARDSHIPS = {"64 file descriptors": "descriptors", "a clock that jumps": "clock", "a full /tmp and /dev/shm": "tmp"}
_DISK_MIB = 600  # a whole build takes a third of it
_FINE = (0, 4)  # finished under hardship, or a sentence
_SENTENCES = {
    "a full disk": r"is full|No space left", "a read-only disk": r"Read-only|readonly",
    "64 file descriptors": r"Too many open files|unable to open database file", "a clock that jumps": r"^\b$",
    "a full /tmp and /dev/shm": r"is full|No space left|/tmp|/dev/shm",
}  # fmt: skip
_YEARS_S = 10 * 365 * 86400.0


@dataclass
class Told:
    """What came of one build under hardship."""

    kind: str
    ended: str = ""  # "finished", or the sentence
    faults: list[str] = field(default_factory=list)
    not_tried: str = ""


def tried(kind: str, folder: Path, undisturbed: dict[str, Any], seconds: float, chance: random.Random) -> Told:
    """One build under a hardship that begins at a random moment, and what comes of it afterwards.

    Args:
        kind: one of `KINDS`.
        folder: new.
        undisturbed: what a build leaves that nothing happens to.
        seconds: of processor time that it takes.
        chance: says when.
    """
    told, job, log = Told(kind), build(), folder / "log.txt"
    folder.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        place = folder / "work"
        place.mkdir()
        if "disk" in kind and (problem := _mount(place)):
            told.not_tried = problem
            return told
        if "disk" in kind:
            stack.callback(_unmount, place)
        code = _under(kind, job, place, log, chance.uniform(0.1, 0.9) * seconds)
        said = log.read_text(errors="replace")
        sentences = [line for line in said.splitlines() if "failed:" in line or line.startswith("sightsmith:")]
        told.ended = "finished" if code == 0 else " ".join(sentences)[:300]
        _judge(told, kind, code, said)
        begun = (place / "runs" / "r" / "run.json").exists()
        code = Process(job, place, again=begun, log=log).ended()
        if code != 0:
            told.faults.append(f"gone on with, it ended with {code}: {log.read_text(errors='replace')[-500:]}")
        else:
            told.faults += [f"{key}: {what}" for key, what in differing(undisturbed, job.facts(place)).items()]
    return told


def _under(kind: str, job: Job, place: Path, log: Path, moment_s: float) -> int | None:
    """The exit code of a build that the hardship meets after so many seconds of work."""
    hardship = _HARDSHIPS.get(kind, "")
    process = Process(job, place, again=False, hardship=hardship, log=log)
    if kind not in ("a full disk", "a read-only disk", "a clock that jumps"):
        return process.ended()
    if process.ended(moment_s) is not None:
        return process.ended()
    if kind == "a full disk":
        with _filled(place):
            return process.ended()
    process.send(signal.SIGKILL)
    process.ended()
    if kind == "a clock that jumps":
        years = random.Random(moment_s).choice((-_YEARS_S, _YEARS_S))
        for path in place.rglob("*"):
            with contextlib.suppress(OSError):
                os.utime(path, times=(time.time() + years,) * 2)
        return Process(job, place, again=_begun(place), hardship=hardship, log=log).ended()
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    try:
        return Process(job, place, again=_begun(place), log=log).ended()
    finally:
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)


def _begun(place: Path) -> bool:
    return (place / "runs" / "r" / "run.json").exists()


def _judge(told: Told, kind: str, code: int | None, said: str) -> None:
    if code not in _FINE:
        told.faults.append(f"it ended with {code}: {said[-500:]}")
    if "Traceback" in said or "a bug" in said or "a fault of Sightsmith" in said:
        told.faults.append(f"a traceback, or a sentence that calls it a bug: {said[-700:]}")
    elif code == 4 and not re.search(_SENTENCES[kind], said):
        told.faults.append(f"the sentence does not say what is wrong: {said[-400:]}")
    if "disk" in kind and code == 0:
        told.ended = "finished before the disk was needed"


def _mount(place: Path) -> str:
    """A disk of its own for a folder; why there can be none, or nothing."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", str(place)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if made.returncode == 0 else f"needs the right to mount: {made.stderr.strip()}"


def _unmount(place: Path) -> None:
    subprocess.run(["umount", "-l", place], check=False)


@contextlib.contextmanager
def _filled(place: Path) -> Iterator[None]:
    """Every free byte of a disk is taken."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65536)
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x")
    try:
        yield
    finally:
        filler.unlink()
