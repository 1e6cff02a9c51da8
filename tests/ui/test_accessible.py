"""Every page for who does not see it, or has no mouse."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

import ui
from tests.runs import make_run
from tests.ui import reading
from tests.ui.conftest import words
from tests.ui.server import Page, Server, chromium, launch

PAGES = ("chat", "tryit", "scores", "gallery", "review", "take", "bring", "runs", "settings")
WIDGETS = ("button", "text_input", "text_area", "number_input", "selectbox", "radio", "toggle", "checkbox", "slider",
           "multiselect", "chat_input")  # fmt: skip


def test_every_image_is_told_in_words():
    """Streamlit tells an image without them by its number: "0"."""
    silent = [
        f"{path.name}:{node.lineno}"
        for path in Path(ui.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "image"
        if "alt" not in {k.arg for k in node.keywords}
    ]
    assert not silent


@pytest.mark.parametrize("page", PAGES)
def test_every_control_has_a_name_and_headings_go_down_by_one(draw, run, page):
    test = draw(page, "apples", **({"tasks_open": True} if page == "review" else {}))
    said = words(test)
    unnamed = [w.key for kind in WIDGETS for w in test.get(kind) if not str(getattr(w, "label", "x") or "").strip()]
    unnamed = [key for key in unnamed if key not in ("chat", None)]
    assert not unnamed
    assert not test.subheader  # h3 below the page's h1
    levels = [int(level) for level in re.findall(r"<h(\d)", said)] + [2 for _ in test.header]
    assert levels.count(1) == 1
    assert set(levels) <= {1, 2}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_buttons_of_an_object_say_which_it_is(draw, run, language):
    several = next(s for s in run.dataset.samples(verdict="kept") if len(s.instances) > 1)
    test = draw("review", "apples", language=language, review_first=(str(run.folder), several.id))
    labels = [b.label for b in test.button if b.key.startswith(("choose-", "delete-"))]
    assert len(labels) == len(set(labels)) == 2 * len(several.instances)
    assert all(re.search(r"\w+ \d$", label) for label in labels)


# A real browser ---------------------------------------------------------------------------------------------------

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("read")
    for name in ("apples", "pears"):
        run = make_run(folder / "runs" / name, names=("apple", "lemon"), images=24)
        run.record.status = "finished"
        run.save()
        run.dataset.close()
    made = Server(folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = launch(driver)
        yield opened
        opened.close()


in_chromium = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]


def marked(test):
    for mark in in_chromium:
        test = mark(test)
    return test


@marked
@pytest.mark.parametrize("name", PAGES)
def test_a_page_as_a_screen_reader_and_a_keyboard_meet_it(server, browser, name):
    page = Page(browser, f"{server.url}", color_scheme="dark" if name == "review" else "light")
    page.go("" if name == "chat" else name, "apples")
    assert not reading.nameless(page.tab)
    levels = [level for level, _ in reading.levels(page.tab)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    reached, unseen = reading.unseen_focus(page.tab, 40)
    assert reached > 12
    assert not unseen
    page.tab.context.close()


@marked
def test_the_language_of_the_page_is_told(server, browser):
    page = Page(browser, server.url)
    for language in ("zh", "en"):
        page.tab.goto(f"{server.url}/settings?lang={language}")
        page.wait_until(lambda: page.tab.evaluate("document.documentElement.lang") == language, "the language is told")  # noqa: B023
    page.tab.context.close()


@marked
def test_a_mask_is_painted_mended_taken_back_and_kept_by_keys_alone(server, browser):
    from tools.data.dataset import Dataset

    data = Dataset(server.runs_dir / "pears")
    page = Page(browser, server.url)
    page.go("review", "pears")
    frame = page.tab.locator(".frame")
    frame.focus()
    said = page.tab.locator(".said")
    page.tab.keyboard.press("m")
    assert said.text_content().startswith("Brush: adds, ")
    page.tab.keyboard.press("]")
    size = int(re.search(r"(\d+) px", said.text_content())[1])
    page.tab.keyboard.press("Enter")  # down, along, and up again
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.tab.keyboard.press(key)
    page.tab.keyboard.press("Enter")
    page.wait_for_words("A new outline is proposed")
    page.settle()
    frame.focus()
    page.tab.keyboard.press("e")
    assert said.text_content().startswith("Brush: erases, ")
    page.tab.keyboard.press("[")
    page.tab.keyboard.press("Enter")
    page.tab.keyboard.press("Enter")
    page.settle()
    page.tab.keyboard.press("u")  # the dab that was erased is there again
    page.settle()
    page.tab.keyboard.press("k")
    page.wait_until(lambda: data.audit_trail(), "the mask is kept")
    (change,) = data.audit_trail()
    sample = data.sample(change["sample"])
    area = sample.instances[-1].mask(sample.height, sample.width).sum()
    assert change["action"] == "draw"
    assert size**2 * 0.7 < area < size**2 * 6  # a stroke of a few steps, with no hole
    page.tab.locator(".frame").wait_for()

    page.tab.get_by_text("All pictures: what waits").click()
    page.settle()
    other = page.tab.locator(".grid button").nth(5)
    other.focus()
    page.tab.keyboard.press("Enter")
    page.wait_until(lambda: "in front of you" in page.tab.locator(".grid button").nth(5).inner_text(), "it is gone to")
    data.close()
    page.tab.context.close()
