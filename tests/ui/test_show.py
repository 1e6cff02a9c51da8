"""Show me: unlabelled photos, one click on the thing in each, a trained model; on the page and in the terminal."""

import contextlib
import os
import re
import subprocess
import sys

import cv2
import pytest

from agent import detached
from tests.tools.generators.cutout_files import ground
from tests.ui.server import Page, Server, chromium, launch
from tests.waiting import LONG_S, wait_until
from tools.data.images import write_image
from tools.models.predict import Predictor

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]
PLACES = ((60, 100), (130, 70), (100, 140), (80, 60))  # of the thing in each photo
SMALL = {"SIGHTSMITH_SHOWN_EPOCHS": "1", "SIGHTSMITH_SHOWN_PICTURES": "8", "SIGHTSMITH_SHOWN_FOLDS": "2"}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "mine"
    for number in range(3):
        _take(folder, number)
    return folder


def _take(folder, number):
    image = ground(200, 50 + number)
    cv2.circle(image, PLACES[number], 30, (210, 40, 40), -1)
    write_image(folder / f"{number}.png", image)


def test_three_photos_and_three_clicks_end_in_a_model(tmp_path, photos):
    _take(photos, 3)  # and one that nobody clicks on joins
    server = Server(tmp_path, **SMALL)
    try:
        with playwright.sync_playwright() as driver:
            page = Page(launch(driver), server.url)
            page.go()
            page.tab.get_by_text("Show me photos of it", exact=True).first.click()
            _by_camera(page)
            page.tab.get_by_label("What is it called?").fill("zorbling")
            page.tab.locator("input[type=file]").first.set_input_files([str(p) for p in sorted(photos.iterdir())])
            page.tab.get_by_text("3.png").first.wait_for()
            page.click("Show them")
            page.wait_for("Click once on each zorbling")
            for number in range(3):
                place = page.tab.locator(".frame").nth(number)
                x, y = _place_of(page, number)
                box = place.bounding_box()
                place.click(position={"x": x / 200 * box["width"], "y": y / 200 * box["height"]})
                page.wait_for(f"photos with a mark: {number + 1}")
                page.settle()
            page.tab.get_by_text("Learn from the 1 without a mark too", exact=False).click()
            page.settle()
            page.tab.screenshot(path=str(tmp_path / "marked.png"), full_page=True)
            page.click("Learn it")
            page.wait_until(lambda: "run=" in page.tab.url, "the run has a page")
            page.wait_for_words("3 photos that you show are learnt from")
            name = re.search(r"run=([\w.-]+)", page.tab.url)[1]
            page.click("Approve")
            page.settle()
            if page.tab.get_by_role("button", name="Approve").first.is_visible():  # it was drawn anew under the mouse
                page.click("Approve")
            record = lambda: detached.current(server.runs_dir / name)  # noqa: E731
            wait_until(
                lambda: record().status in ("finished", "failed"), lambda: f"{name} ends: {server.log()[-2000:]}"
            )
            assert record().status == "finished", record().error
            page.wait_for("learnt from the photos that you showed")
        assert Predictor.load(server.runs_dir / name / record().best.weights).names == ["zorbling"]
        assert record().evaluation["cross_val"].images == 3
        assert record().unlabelled == record().few and "photos without labels are" in " ".join(record().photo_notes)
    finally:
        server.close()


def _by_camera(page):
    """Two photos are taken and thrown away; the page goes back to files."""
    page.tab.get_by_text("Camera", exact=True).first.click()
    page.wait_for("photos taken: 0")
    for number in (1, 2):
        page.tab.wait_for_function("() => document.querySelector('video')?.readyState >= 3")  # the camera plays
        page.wait_until(lambda: _pressed(page), "a photo is taken")
        page.wait_for(f"photos taken: {number}")
        page.settle()
        if number == 1:
            page.tab.get_by_role("button", name="Clear photo").click()
            page.settle()
    page.click("Throw them away")
    page.wait_for("photos taken: 0")
    page.tab.get_by_text("Photos or a video", exact=True).first.click()
    page.settle()


def _pressed(page):
    """Whether the photo is there; else it is taken, again if need be: a camera that starts anew takes none."""
    if not page.tab.get_by_role("button", name="Clear photo").count():
        with contextlib.suppress(playwright.TimeoutError):  # it has just become the other button
            page.tab.get_by_role("button", name="Take Photo").click(timeout=2000)
        page.tab.wait_for_timeout(500)
    return page.tab.get_by_role("button", name="Clear photo").count()


_FIRST_RED = """(img, places) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 200;
  const draw = canvas.getContext("2d");
  draw.drawImage(img, 0, 0, 200, 200);
  const red = ([r, g]) => r > 150 && g < 90;
  if (!img.complete || !img.naturalWidth) return -1;
  return places.findIndex(([x, y]) => red(draw.getImageData(x, y, 1, 1).data));
}"""


def _place_of(page, number):
    """Where the thing is in the photo that the page shows at a position: the set may be in any order."""
    shown = page.tab.locator(".frame img").nth(number)
    found = lambda: shown.evaluate(_FIRST_RED, [list(p) for p in PLACES])  # noqa: E731
    page.wait_until(lambda: found() >= 0, "the photo is painted")
    return PLACES[found()]


def test_the_same_by_number_in_the_terminal(tmp_path, photos):
    def run(*words):
        command = [sys.executable, "-m", "agent.cli.app", *words, "--runs-dir", str(tmp_path / "runs")]
        environment = {**os.environ, **SMALL, "SIGHTSMITH_SIZE_PX": "64", "SIGHTSMITH_LLM": "offline"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG_S, check=False)

    first = run("build", "find my zorbling", "--few", str(photos), "--run", "mine", "--yes")
    assert first.returncode == 3, first.stderr
    assert "Which number is the zorbling in each?" in " ".join((first.stdout + first.stderr).split())
    numbered = tmp_path / "runs" / "mine" / "shown" / "numbered"
    assert sorted(p.name for p in numbered.iterdir()) == ["01.jpg", "02.jpg", "03.jpg"]
    second = run("resume", "mine", "--answer", "1, 1, 1", "--yes")
    assert second.returncode == 0, second.stdout + second.stderr
    record = detached.current(tmp_path / "runs" / "mine")
    assert record.evaluation["cross_val"].images == 3
    assert Predictor.load(tmp_path / "runs" / "mine" / record.best.weights).names == ["zorbling"]
