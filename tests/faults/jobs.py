"""The smallest whole jobs there are, as processes that can be disturbed, and what is compared of what they leave."""

import contextlib
import ctypes
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from tests.faults.facts import facts_of_labels, facts_of_run
from tools.core.settings import Settings
from tools.trainers import EpochCallback, TrainingJob, TrainingResult

ROOT = Path(__file__).parents[2]
MARK = "SIGHTSMITH_FAULTS_MARK"  # in the environment of a job and of all that it starts
ORPHANS_GRACE_S = 20.0  # a worker that renders looks for its parent when the image is done
LONGEST_S = 3600.0  # what did not end by then hangs, however busy the machine is
EPOCHS = 2
SIZE = ["--size", "64", "--effort", "quick", "--seed", "5", "--llm", "offline", "--yes"]


class ShortTrainer:
    """The trainer as shipped, for two epochs of a few steps, the state kept after each."""

    def __init__(self, settings: Settings) -> None:
        from tools.trainers import yolo

        yolo._KEEP_EVERY_S = 0.0
        self._own = yolo.make_trainer(settings)
        self._own.details = yolo.Recipe(min_steps=2, max_validation=4)
        self.name, self.version, self.licence = self._own.name, self._own.version, self._own.licence

    def train(self, job: TrainingJob, on_epoch: EpochCallback) -> TrainingResult:
        return self._own.train(replace(job, epochs=min(EPOCHS, job.epochs)), on_epoch)


@dataclass
class Job:
    """Something that is started, disturbed, and gone on with."""

    name: str
    first: list[str]
    again: list[str]
    facts: Callable[[Path], dict[str, Any]]  # of the folder it worked in
    prepare: Callable[[Path], None] = lambda _folder: None
    done: Callable[[Path], bool] = lambda _folder: False  # the same command would begin another one
    variables: dict[str, str] = field(default_factory=dict)


class Process:
    """A command line at work in a folder; everything it starts can be found again.

    Forked from a server that has imported what is heavy: what a start costs beyond the work itself is paid once.
    """

    def __init__(self, job: Job, folder: Path, *, again: bool, hardship: str = "", log: Path | None = None) -> None:
        """Start it.

        Args:
            job: what to do.
            folder: where.
            again: go on with it.
            hardship: one of `HARDSHIPS`, under which it works.
            log: what it says; in the folder where none is named.
        """
        self.mark, self.log, self.worked_s = uuid4().hex, log or folder / "log.txt", 0.0
        variables = {
            "SIGHTSMITH_GENERATOR": "tests.fakes:ShapeGenerator",
            "SIGHTSMITH_TRAINER": "tests.faults.jobs:ShortTrainer",
            "SIGHTSMITH_MEMORY_DIR": str(folder / "memory"),
            "SIGHTSMITH_THREADS": "1",
            "SIGHTSMITH_LEARN_EPOCHS": "2",
            "SIGHTSMITH_EPOCH_PICTURES": "1",
            "PYTHONPATH": str(ROOT),
            MARK: self.mark,
        }
        arguments = job.again if again else job.first
        self._process = _server().Process(
            target=_work, args=(arguments, folder, variables | job.variables, self.log, hardship)
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def send(self, number: signal.Signals) -> None:
        """As it comes in life: Ctrl-C and a closed terminal reach the whole group, a kill one process."""
        whole = number in (signal.SIGINT, signal.SIGHUP)
        with contextlib.suppress(ProcessLookupError):  # it has just ended, or has not made its group yet
            (os.killpg if whole else os.kill)(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def ended(self, worked_s: float = float("inf")) -> int | None:
        """Its exit code, once it ended; None once it has worked for so long, or did not end in an hour.

        Args:
            worked_s: seconds of processor time, which come as late as the machine is busy.
        """
        until = time.monotonic() + LONGEST_S
        while (code := self._process.exitcode) is None and time.monotonic() < until:
            with contextlib.suppress(psutil.Error):
                own = psutil.Process(self.pid).cpu_times()
                self.worked_s = own.user + own.system
            if self.worked_s > worked_s:
                break
            time.sleep(0.02)
        return code

    def children(self) -> list[psutil.Process]:
        """What it started and what still runs."""
        return [p for p in marked(self.mark) if p.pid != self.pid]

    def orphans(self) -> list[psutil.Process]:
        """What still runs when it has ended, and is ended then."""
        until = time.monotonic() + ORPHANS_GRACE_S
        while (left := marked(self.mark)) and time.monotonic() < until:
            time.sleep(0.2)
        for process in left:
            process.kill()
        return left


@cache
def _server() -> Any:
    """Where jobs are forked from."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.preloaded"])
    return context


def _work(arguments: list[str], folder: Path, variables: dict[str, str], log: Path, hardship: str) -> None:
    """The command line, in a process of its own: a session, a folder, an environment, and nobody to answer."""
    os.setsid()
    os.chdir(folder)
    os.environ.update(variables)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(said, number)
    sys.stdin = open(os.devnull)  # noqa: SIM115 PTH123 lives as long as the process
    sys.argv = ["sightsmith", *arguments]
    HARDSHIPS[hardship]()
    from agent.cli.app import main

    main()


# What a process may have to work under --------------------------------------------------------------------------------


def _few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _jumping_clock() -> None:
    """Every look at the time of day is by hours before or after the last one."""
    true, chance = time.time, random.Random(os.getpid())
    time.time = lambda: true() + chance.uniform(-1e5, 1e5)
    time.time_ns = lambda: int(time.time() * 1e9)


def _full_tmp() -> None:
    """/tmp and /dev/shm are disks of one page, in a mount namespace that this process has to itself."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) or libc.mount(b"none", b"/", None, _PRIVATE, None):
        raise OSError(ctypes.get_errno(), "no mount namespace")
    for place in (b"/tmp", b"/dev/shm"):
        if libc.mount(b"tmpfs", place, b"tmpfs", 0, b"size=4k"):
            raise OSError(ctypes.get_errno(), "no mount")
        with contextlib.suppress(OSError), open(os.path.join(place, b"full"), "wb") as file:  # noqa: PTH118 PTH123
            file.write(b"x" * 8192)


_NEW_MOUNTS, _PRIVATE = 0x20000, 0x40000 | 0x4000  # CLONE_NEWNS; MS_PRIVATE and MS_REC
HARDSHIPS: dict[str, Callable[[], None]] = {
    "": lambda: None, "descriptors": _few_descriptors, "clock": _jumping_clock, "tmp": _full_tmp,
}  # fmt: skip


def marked(mark: str) -> list[psutil.Process]:
    """Running processes of a job."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:  # gone meanwhile, or somebody else's
            continue
    return found


# The jobs -------------------------------------------------------------------------------------------------------------


def build(rounds: int = 1, *, generator: str = "tests.fakes:ShapeGenerator") -> Job:
    """A whole build; with "blender" its images are rendered by worker processes."""
    first = ["build", "segment apples", "--images", str(24 * rounds), "--rounds", str(rounds), "--run", "r", *SIZE]
    own = {"SIGHTSMITH_GENERATOR": generator, "SIGHTSMITH_WORKERS": "2", "SIGHTSMITH_SCENE_ATTEMPTS": "9"}
    return Job(
        "build" if generator != "blender" else "workers", first, ["resume", "r", "--yes"], facts_of_run, variables=own
    )


def label(base: Path) -> Job:
    """Photos labelled by the model of a run; the same command goes on."""
    command = [
        "label",
        str(base / "photos"),
        "--classes",
        "apple",
        "--model",
        str(base / "runs" / "r"),
        "--to",
        "labels",
    ]
    return Job("label", command, command, facts_of_labels)


def learn(base: Path) -> Job:
    """A run that learns from photos; the same command goes on."""
    photos = ["--unlabelled", str(base / "photos"), "--finetune", str(base / "few")]
    command = ["learn", "r", *photos, "--rounds", "1"]

    def copy(folder: Path) -> None:
        shutil.copytree(base / "runs" / "r", folder / "runs" / "r")

    def done(folder: Path) -> bool:
        record = json.loads((folder / "runs" / "r" / "run.json").read_bytes())
        return record["learning"] is None and len(record["rounds"]) > 1

    return Job("learn", command, command, facts_of_run, copy, done)


def make_base(folder: Path) -> Path:
    """A finished run that was measured on labelled photos; other photos without labels, and a few with."""
    from tests.tools.measured_run import make_run
    from tools.data.formats.labels import LabelledImage
    from tools.label.export import write_export
    from tools.label.labeler import label_task

    drawn = make_run(folder / "drawn", 40, classes=("apple",))
    entries = []
    for sample in drawn.dataset.samples():
        apples = [i for i in sample.instances if i.class_name == "apple"]
        image = LabelledImage(f"{sample.id}.png", sample.width, sample.height, apples)
        entries.append((image, drawn.folder / sample.image))
    write_export(entries[:20], folder / "real", "coco", label_task("apple"))
    write_export(entries[32:], folder / "few", "coco", label_task("apple"))
    (folder / "photos").mkdir()
    for number, (_, path) in enumerate(entries[20:32]):
        (folder / "photos" / f"mine_{number}x.png").write_bytes(path.read_bytes())
    made = build(1)
    made.first += ["--real", str(folder / "real")]
    process = Process(made, folder, again=False)
    assert process.ended() == 0, process.log.read_text()[-3000:]
    return folder
