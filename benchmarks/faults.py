"""What goes wrong around Sightsmith, done to it on purpose: `python benchmarks/faults.py kills endpoint --count 100`.

Parts: `kills` (signals at random moments), `endpoint` (servers and models that answer oddly), `commands` (bad command
lines), `disks` (full, read-only, few descriptors, clocks) and `secrets`. Each prints its faults as it finds them, and
a table at the end; the exit code is 1 where there is a fault. See docs/faults.md.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

Row = tuple[str, int, str, int]  # what, how many, what came of them, faults


def fault(*words: object) -> None:
    """Print one as it is found."""
    print("FAULT", *words, flush=True)


def kills(folder: Path, count: int, seed: int, kinds: tuple[str, ...]) -> list[Row]:
    """Signals to builds, labellings and learnings, and to the workers of a build."""
    from tests.faults.kills import tried

    def say(told: object) -> None:
        print(told, flush=True)

    rows: list[Row] = []
    told = tried(folder, count, seed, kinds, say)
    for kind in kinds:
        own = [t for t in told if t.job == kind]
        sent = sum((t.signals for t in own), Counter[str]())
        equal = sum(not t.faults for t in own)
        said = f"{', '.join(f'{n} {name}' for name, n in sorted(sent.items()))}: {equal} of {len(own)} results equal, "
        rows.append((f"signals to {kind}", sum(sent.values()), f"{said}{sum(t.orphans for t in own)} orphans",
                     sum(len(t.faults) for t in own)))  # fmt: skip
    return rows


def endpoint(folder: Path, count: int, seed: int) -> list[Row]:
    """Quirks of answers, in scenarios of calls."""
    from tests.faults.endpoint import cases, served, tried

    codes, later, faults = Counter[int](), Counter[str](), 0
    with served(folder / "memory") as server:
        for case in cases(count, seed):
            told = tried(case, server, folder / "runs")
            codes[told.code] += 1
            if told.then is not None:
                later[f"{case.then} {told.then}"] += 1
            faults += bool(told.faults)
            for one in told.faults:
                fault(case, told.code, one)
    came = f"exit codes {_counted(codes)}; gone on with: {_counted(later)}"
    return [("faults at the endpoint", sum(codes.values()), came, faults)]


def commands(folder: Path, count: int, seed: int) -> list[Row]:
    """Bad command lines and bad variables."""
    from tests.faults.commands import fault_of, furnish, make_finished, option_lines, variable_lines

    furnish(folder, make_finished(folder / "made" / "good"))
    os.chdir(folder)
    rows: list[Row] = []
    for what, found in (("bad command lines", list(option_lines())), ("bad variables", list(variable_lines()))):
        random.Random(seed).shuffle(found)
        faults = [one for line in found[:count] if (one := fault_of(line))]
        for one in faults:
            fault(one)
        rows.append((what, len(found[:count]), "a sentence each, exit code 2 or 4", len(faults)))
    return rows


def disks(folder: Path, count: int, seed: int) -> list[Row]:
    """Builds under hardship, each kind `count` times."""
    from tests.faults.disks import KINDS, tried
    from tests.faults.jobs import build
    from tests.faults.kills import calm

    chance, rows = random.Random(seed), list[Row]()
    undisturbed, seconds = calm(build(), folder / "calm")
    for number, kind in enumerate(KINDS):
        told = [tried(kind, folder / f"{number}-{n}", undisturbed, seconds, chance) for n in range(count)]
        for one in told:
            print(one, flush=True)
        ended = Counter("finished" if t.ended.startswith("finished") else "a sentence" for t in told if not t.not_tried)
        said = told[0].not_tried or f"{_counted(ended)}; gone on with, equal to an undisturbed build"
        rows.append((kind, len(told), said, sum(bool(t.faults) for t in told)))
    return rows


def secrets(folder: Path, count: int, seed: int) -> list[Row]:
    """Runs with every key set, `count` of each scene."""
    from tests.faults.secrets import SCENES, tried, variables

    chance, rows = random.Random(seed), list[Row]()
    with variables() as given:
        for number, scene in enumerate(SCENES):
            told = [tried(scene, folder / f"{number}-{n}", given, chance) for n in range(count)]
            found = set().union(*(t.found for t in told))
            if found:
                fault(scene, found)
            looked = f"{sum(t.files for t in told)} files of {sum(t.bytes for t in told) / 1e6:.0f} MB, "
            rows.append((scene, count, f"{looked}{sum(t.lists for t in told)} command lines", len(found)))
    return rows


def _counted(counts: Counter[int] | Counter[str]) -> str:
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items(), key=str))


# Part -> what does it, and how many it does where nobody says.
PARTS: dict[str, tuple[Callable[..., list[Row]], int]] = {
    "kills": (kills, 100), "endpoint": (endpoint, 200), "commands": (commands, 1000), "disks": (disks, 3),
    "secrets": (secrets, 3),
}  # fmt: skip


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--count", type=int, help="signals, cases, lines, or builds of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", default="build,label,learn,workers", help="what `kills` disturbs")
    given = parser.parse_args()
    from tools.core.threads import prepare_for_torch

    prepare_for_torch()
    rows: list[Row] = []
    for part in given.parts:
        work, usual = PARTS[part]
        folder = Path(tempfile.mkdtemp(prefix=f"faults-{part}-", dir="/var/tmp"))  # /tmp is one of the disks
        more = [tuple(given.jobs.split(","))] if part == "kills" else []
        began = time.monotonic()
        found = work(folder, given.count or usual, given.seed, *more)
        print(f"{part}: {(time.monotonic() - began) / 60:.0f} minutes", flush=True)
        rows += found
        os.chdir("/")
        if not any(faults for *_, faults in found):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"what was left is in {folder}")
    print("\n| what | count | what came of it | faults |\n|---|---|---|---|")
    for what, count, said, faults in rows:
        print(f"| {what} | {count} | {said} | {faults} |")
    return int(any(faults for *_, faults in rows))


if __name__ == "__main__":
    sys.exit(main())
