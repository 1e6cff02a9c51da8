"""Signals at random moments of whole jobs and of single workers; gone on with, each is what it would have been."""

import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.facts import differing
from tests.faults.jobs import Job, Process, build, label, learn, make_base

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
MOST_SIGNALS = 5  # of one job, before it is left to come to its end
A_LOOK = 0.05  # the chance of a signal at each look at the workers, which are some hundred in one job
# Codes with which a disturbed process may end: by the signal itself, stopped, or done before it came.
FINE = {signal.SIGKILL: {-9, 0}, signal.SIGTERM: {130, -15, 0}, signal.SIGINT: {130, -2, 0}, signal.SIGHUP: {-1, 0}}


@dataclass
class Told:
    """What came of one job that was disturbed."""

    job: str
    signals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    orphans: int = 0


def calm(job: Job, folder: Path) -> tuple[dict[str, Any], float]:
    """What a job leaves that nobody disturbs, and the seconds of processor time that it takes."""
    _fresh(job, folder)
    process = Process(job, folder, again=False)
    code = process.ended()
    assert code == 0, f"{job.name} ended with {code}: {process.log.read_text()[-3000:]}"
    assert not process.orphans()
    return job.facts(folder), process.worked_s


def disturbed(
    job: Job, folder: Path, undisturbed: dict[str, Any], seconds: float, chance: random.Random,
    numbers: Iterator[signal.Signals], most: int = MOST_SIGNALS,
) -> Told:  # fmt: skip
    """A job with signals at random moments, gone on with after each until it ends by itself."""
    _fresh(job, folder)
    told, again = Told(job.name), False
    for _ in range(most):
        process = Process(job, folder, again=again)
        again = True
        code = process.ended(chance.uniform(0.2, seconds))
        number = next(numbers)
        if code is None:
            process.send(number)
            told.signals[number.name] += 1
            code = process.ended()
        _judge(process, code, FINE[number], f"{number.name}", told)
        if code == 0 or job.done(folder):
            break
        if job.again[0] == "resume" and not (folder / "runs" / "r" / "run.json").exists():
            again = False  # killed before the run was there: the person builds again
    else:
        process = Process(job, folder, again=again)
        _judge(process, process.ended(), {0}, "left alone", told)
    if not told.faults:
        told.faults += [f"{key}: {said}" for key, said in differing(undisturbed, job.facts(folder)).items()]
    return told


def hunted(job: Job, folder: Path, undisturbed: dict[str, Any], chance: random.Random, count: int) -> Told:
    """A job whose workers are killed one after the other while it goes on by itself."""
    _fresh(job, folder)
    told, process = Told(job.name), Process(job, folder, again=False)
    while (code := process.ended(0.0)) is None:  # only a look: while its workers draw, it does no work of its own
        workers = process.children()
        if workers and sum(told.signals.values()) < count and chance.random() < A_LOOK:
            number = chance.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGHUP))
            chance.choice(workers).send_signal(number)
            told.signals[number.name] += 1
    _judge(process, code, {0}, "left alone", told)
    if not told.faults:
        told.faults += [f"{key}: {said}" for key, said in differing(undisturbed, job.facts(folder)).items()]
    return told


def tried(folder: Path, count: int, seed: int, kinds: tuple[str, ...], say: Callable[[Told], None]) -> list[Told]:
    """All kinds of jobs in turn until `count` signals were sent.

    Args:
        folder: empty, for everything.
        count: of signals in all.
        seed: of the moments.
        kinds: of "build", "label", "learn", "workers".
        say: told of each job as it ends.
    """
    chance, told = random.Random(seed), list[Told]()
    base = make_base(folder / "base") if {"label", "learn"} & set(kinds) else folder
    made = {"build": build(), "label": label(base), "learn": learn(base), "workers": build(1, generator="blender")}
    jobs = [made[kind] for kind in kinds]
    known = {job.name: calm(job, folder / f"calm-{job.name}") for job in jobs}
    numbers = _endless(chance)
    while (sent := sum(sum(t.signals.values()) for t in told)) < count:
        job = jobs[len(told) % len(jobs)]
        rough, left = folder / f"rough-{len(told)}", count - sent
        if job.name == "workers":
            told.append(hunted(job, rough, known[job.name][0], chance, min(MOST_SIGNALS, left)))
        else:
            told.append(disturbed(job, rough, *known[job.name], chance, numbers, min(MOST_SIGNALS, left)))
        say(told[-1])
        if not told[-1].faults:
            shutil.rmtree(rough)
    return told


def _judge(process: Process, code: int | None, fine: set[int], after: str, told: Told) -> None:
    if code is None:
        told.faults.append(f"{after}: it did not end")
        process.kill()
    elif code not in fine:
        told.faults.append(f"{after}: code {code}: {process.log.read_text(errors='replace')[-400:]}")
    if "Traceback" in process.log.read_text(errors="replace"):
        told.faults.append(f"{after}: a traceback in {process.log}")
    if left := process.orphans():
        told.orphans += len(left)
        told.faults.append(f"{after}: {len(left)} processes are left")


def _fresh(job: Job, folder: Path) -> None:
    folder.mkdir(parents=True)
    job.prepare(folder)


def _endless(chance: random.Random) -> Iterator[signal.Signals]:
    while True:
        order = list(SIGNALS)
        chance.shuffle(order)
        yield from order
