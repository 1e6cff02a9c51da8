"""What a person waits for, and what training waits for: `python benchmarks/quickness.py [--gallery]`.

Each figure stands beside a plainer one of the same run, and their ratio: seconds say something of a machine, ratios of
the program. `--gallery` starts the page and a browser, and needs Chromium.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FEW, MANY = 50, 5000


def best_s(do: Callable[[], Any], tries: int = 5, clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the quickest of several tries, of this process alone: what others cost is not meant."""
    seconds = []
    for _ in range(tries):
        began = clock()
        do()
        seconds.append(clock() - began)
    return min(seconds)


def tell(what: str, seconds: float, beside: str, plain: float) -> None:
    """One line of the table."""
    print(
        f"| {what} | {seconds * 1000:.1f} ms | {beside} | {plain * 1000:.1f} ms | {seconds / plain:.1f} |", flush=True
    )


def command_line() -> None:
    """The help of the command line, beside Python that does nothing."""

    def run(*arguments: str) -> Callable[[], Any]:
        return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    ours, plain = (best_s(run(*a), 9, time.perf_counter) for a in (("-m", "agent.cli.app", "--help"), ("-c", "pass")))
    tell("`sightsmith --help`", ours, "`python -c pass`", plain)


def scenes() -> None:
    """Plans of 10,000 scenes, beside 2,500: 4 where the work grows with the scenes alone."""
    from tools.core.task import Budget, ClassSpec, TaskSpec
    from tools.generators.blender.catalogue import catalogue
    from tools.steps.scenes import build_vocabulary, sample_scenes

    task = TaskSpec(kind="segment", classes=[ClassSpec(name="apple")], budget=Budget(images=100, rounds=2))
    vocabulary = build_vocabulary(task, catalogue(), 0.8)
    many, few = (best_s(lambda n=n: sample_scenes(task, vocabulary, n, 3, focus=()), 3) for n in (10_000, 2_500))
    tell("10,000 scenes", many, "2,500 scenes", few)


def drawing() -> None:
    """Formula images on one core, beside a training step on them: above 1 training waits."""
    import torch

    from tools.models.networks import build_network
    from tools.trainers.formula import draw

    torch.set_num_threads(1)
    network = build_network("yolo11n-seg", ("object",)).train()
    batch = torch.rand(8, 3, 256, 256)

    def step() -> None:
        tensors = [t for t in _tensors(network(batch)) if t.requires_grad]
        sum(t.float().mean() for t in tensors).backward()

    draw(0, 0, 256)
    step()
    drawn = best_s(lambda: [draw(1, i, 256) for i in range(40)], 3) / 40
    tell("a formula picture, 256 px", drawn, "its share of a step forward and back", best_s(step) / 8)


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    return [t for v in value for t in _tensors(v)] if isinstance(value, list | tuple) else [value]


def pages(folder: Path) -> None:
    """Counts and a page of 5,000 samples, beside those of 50."""
    from tools.page.browse import Browser, Filter

    many, few = (Browser(run_of(folder / "runs" / str(count), count)) for count in (MANY, FEW))
    tell(f"counts of {MANY} samples", best_s(many.facets), f"of {FEW}", best_s(few.facets))
    for order in ("newest", "uncertain"):
        tell(
            f"a page of {MANY} samples, {order}", best_s(lambda o=order: many.page(Filter(), o, 24, 24)), f"of {FEW}",
            best_s(lambda o=order: few.page(Filter(), o, 24, 24)),
        )  # fmt: skip


def run_of(folder: Path, count: int) -> Path:
    """A finished run whose few images stand for many."""
    from tests.runs import make_run
    from tests.ui.test_browser import multiply

    run = make_run(folder, rounds=1, images=40)
    run.record.status = "finished"
    run.save()
    run.dataset.close()
    multiply(run.folder, count)
    return run.folder


def gallery(folder: Path) -> None:
    """The gallery until its first page is painted, and a turned page, in a browser."""
    from playwright.sync_api import sync_playwright

    from tests.ui.server import Page, Server, launch

    server = Server(folder)
    with sync_playwright() as driver:
        browser = launch(driver)
        page = Page(browser, server.url)
        page.go("runs")

        def painted(count: int) -> None:
            page.tab.goto(f"{server.url}/gallery?run={count}")
            page.tab.wait_for_selector(f"text={count} pictures")
            page.tab.locator(".grid img").nth(23).wait_for()

        few, many = (best_s(lambda n=n: painted(n), 5, time.perf_counter) for n in (FEW, MANY))
        tell(f"the gallery of {MANY} pictures", many, f"of {FEW}", few)
        turned = []
        for _ in range(30):
            page.settle()
            turned.append(page.turn())
        tell("a turned page, median of 30", statistics.median(turned), "the gallery", many)
        browser.close()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gallery", action="store_true")
    given = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| | | beside | | ratio |\n|---|---|---|---|---|")
    command_line()
    scenes()
    drawing()
    with tempfile.TemporaryDirectory() as made:
        pages(Path(made))
        if given.gallery:
            gallery(Path(made))
