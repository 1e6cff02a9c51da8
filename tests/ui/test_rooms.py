"""The page for who has no terminal: from the first visit to a taught mistake, by mouse and by keys."""

import re

import cv2
import numpy as np
import pytest

from tests.runs import make_run
from tests.ui.server import Page, Server, chromium, launch
from tests.waiting import wait_until
from tools.data.dataset import Dataset

playwright = pytest.importorskip("playwright.sync_api")
NAME = "fruit"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]

# Every text that is seen, its colour and the ground under it; opacity of its ancestors counted in.
_POOR = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g); return m ? m.map(Number) : [0, 0, 0, 0]; };
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = c => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1);
    const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255];
  };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3]));
  const lum = c => { const f = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
                     return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const box = e.getBoundingClientRect();
    if (!own || !box.width || !box.height || e.closest("[disabled], :disabled, [aria-disabled=true]")) continue;
    if (e.matches("[class*=material], [data-testid=stIconMaterial]")) continue;
    if (e.closest("[data-testid=stSliderThumbValue]")) continue; // drawn above its parent, not on it
    if (getComputedStyle(e).visibility === "hidden") continue;
    const grounds = []; let opacity = 1;
    for (let up = e; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      opacity *= Number(style.opacity);
      grounds.push(rgba(style.backgroundColor));
    }
    let ground = [255, 255, 255];
    for (const layer of grounds.reverse()) ground = over(layer, ground);
    const ink = rgba(getComputedStyle(e).color);
    const seen = over([...ink.slice(0, 3), ink[3] * opacity], ground);
    const [a, b] = [lum(seen), lum(ground)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (opacity > .01 && ratio < 4.45) poor.push(e.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
  }
  return poor;
}"""

_GROUND = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


@pytest.fixture
def server(tmp_path):
    """With a finished project, whose weights are random: what it finds is wrong, and can be taught."""
    import torch

    from tools.models import checkpoint
    from tools.models.networks import build_network

    made = Server(tmp_path)
    run = make_run(made.runs_dir / NAME, names=("apple", "lemon"))
    torch.manual_seed(0)
    path = run.folder / run.record.best.weights
    state = build_network("yolo11n-seg", ["apple", "lemon"]).state_dict()
    checkpoint.save(path, state, architecture="yolo11n-seg", names=["apple", "lemon"], size_px=64)
    run.record.status = "finished"
    run.save()
    run.emit("stage", name="train", round=2, state="started")
    run.emit("stage", name="train", round=2, state="done", seconds=3)
    run.emit("summary", text="mask mAP50 0.6; --real DIR measures more. occlusion=partly hidden")
    run.emit("end", status="finished")
    run.dataset.close()
    yield made
    made.close()


def test_the_first_visit_shows_a_result_and_answers_at_once(tmp_path):
    server = Server(tmp_path)
    try:
        with playwright.sync_playwright() as driver:
            page = Page(launch(driver), server.url)
            page.go()
            page.tab.locator("[data-testid=stImage] img").wait_for()  # to look at before anything is asked
            request = "segment apples and lemons, only 30 pictures, one round"
            page.ask(request)
            page.wait_for_words(request)
            page.wait_for("The plan")
            page.wait_for_words("Apples and lemons")
    finally:
        server.close()


def test_a_mistake_is_seen_and_taught_by_keys_alone(server, tmp_path):
    folder = server.runs_dir / NAME
    with playwright.sync_playwright() as driver:
        page = Page(launch(driver), server.url)
        page.go("", NAME)
        page.wait_for("What it sees")
        page.settle()
        said = page.words()
        assert said.index("it finds") < said.index("What it sees")
        assert not re.search(r"(?<![\w-])--[a-z]|SIGHTSMITH_|occlusion=", said)

        image = np.full((160, 160, 3), 110, np.uint8)
        cv2.circle(image, (80, 80), 40, (60, 40, 200), -1)
        cv2.imwrite(str(tmp_path / "mine.png"), image)
        page.click("Try it on a photo")
        page.tab.locator("input[type=file]").first.set_input_files(str(tmp_path / "mine.png"))
        page.tab.locator(".ss-count").wait_for()
        page.click("Wrong: teach it")
        page.wait_for("You said that it was wrong here")
        page.settle()
        before = len(_taught(folder).instances)
        page.tab.locator(".frame").focus()
        page.tab.keyboard.press("p")  # a shape by keys alone: three corners, then closed
        for moves in (["ArrowLeft"] * 4 + ["ArrowUp"] * 4, ["ArrowRight"] * 8, ["ArrowDown"] * 8):
            for key in moves:
                page.tab.keyboard.press(key)
            page.tab.keyboard.press("Enter")
        page.tab.keyboard.press("c")
        page.wait_for_words("A new outline is proposed")
        page.settle()
        page.tab.keyboard.press("k")
        page.settle()
        page.tab.keyboard.press("a")
        wait_until(lambda: _taught(folder).verdict == "kept", "the photo is accepted")
        assert len(_taught(folder).instances) == before + 1
        assert _taught(folder).split == "train"
        assert "Traceback" not in server.log()


def test_every_text_of_every_page_stands_out(server):
    with playwright.sync_playwright() as driver:
        page = Page(launch(driver), server.url)
        for place in ("", "tryit", "scores", "gallery", "review", "take", "bring", "runs", "settings"):
            page.go(place, NAME)
            grounds = set()
            for theme in ("light", "dark"):
                page.tab.emulate_media(color_scheme=theme)
                page.settle()
                grounds.add(page.tab.evaluate(_GROUND))
                assert page.tab.evaluate(_POOR) == [], (place, theme)
            assert len(grounds) == 2, place
        assert "Traceback" not in server.log()


def _taught(folder):
    dataset = Dataset(folder)
    try:
        return next(s for s in dataset.samples() if s.engine == "photo")
    finally:
        dataset.close()
