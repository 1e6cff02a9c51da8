"""The chat page as a person meets it: the real server, a real browser, real runs with small budgets."""

import http.client
import json
import re
import socket
import sqlite3
from urllib.parse import urlsplit

import pytest

from agent import detached
from tests.runs import make_run
from tests.ui.issuer import CLIENT, Issuer
from tests.ui.server import Page, Server, chromium, launch
from tests.waiting import LONG_S, wait_until
from tools.data.dataset import Dataset
from tools.models.predict import Predictor

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),  # each trains
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]
REQUEST = "segment apples and lemons, only 30 pictures, one round"


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.close()


@pytest.fixture
def patient(tmp_path):
    """A server whose runs are at work until a test lets them go on."""
    made = Server(tmp_path, SIGHTSMITH_GENERATOR="tests.fakes:HeldGenerator")
    yield made
    made.close()


@pytest.fixture
def browser():
    """One a test: pages of tests before would go on asking their servers."""
    with playwright.sync_playwright() as driver:
        opened = launch(driver)
        yield opened
        opened.close()


def finished(server, name):
    record = detached.current(server.runs_dir / name)
    assert record.status != "failed", record.error
    return record.status == "finished"


def test_from_a_sentence_to_a_model_and_back_after_a_restart(server, browser, tmp_path):
    page = Page(browser, server.url)
    page.go()
    page.ask(REQUEST)
    page.wait_for("The plan")
    name = re.search(r"run=([\w.-]+)", page.tab.url)[1]
    folder = server.runs_dir / name
    assert not list((folder / "images").iterdir())  # nothing is spent before the word

    page.click("Approve")
    page.tab.wait_for_selector(".ss-track")  # progress, as it happens
    wait_until(lambda: finished(server, name), lambda: f"{name} is finished: {server.log()[-2000:]}")
    page.wait_for("Done: a model that finds")

    page.go("gallery", name)
    page.wait_for("30 pictures")  # in an element of its own, which the page's words leave out
    page.tab.locator(".grid img").nth(23).wait_for()
    assert page.tab.locator(".grid img").count() == 24
    page.go("scores", name)
    page.wait_for_words("on no real photo")
    page.tab.get_by_text("For experts: the figures").first.click()  # folded, until somebody wants them
    page.wait_for_words("drawn pictures kept for the test")

    # A label goes, another is drawn; both are a person's, and one more round is made with them.
    page.go("review", name)
    data = Dataset(folder)
    page.settle()
    for _ in range(10):  # the queue may begin with an image in which there is nothing to delete
        if page.tab.get_by_role("button", name=re.compile("Delete label")).count():
            break
        page.tab.keyboard.press("s")
        page.settle()
    page.click("Delete label")
    page.settle()
    page.drag(".frame", (0.2, 0.2), (0.8, 0.8))
    if page.says("A new outline is proposed"):
        page.tab.keyboard.press("k")
        page.settle()
    page.tab.keyboard.press("a")
    wait_until(lambda: any(c.action == "accept" for c in data.corrections()), "the picture is accepted")
    actions = [c.action for c in data.corrections()]
    assert actions[0] == "accept"
    assert "delete" in actions
    (corrected,) = data.corrected()
    labels = data.sample(corrected).instances
    page.go("", name)
    page.click("One more round")
    wait_until(lambda: len(detached.current(folder).rounds) == 2, "a second round begins")
    wait_until(lambda: finished(server, name), lambda: f"{name} is finished: {server.log()[-2000:]}")
    assert data.sample(corrected).instances == labels
    data.close()

    page.go("take", name)
    with page.tab.expect_download() as got:
        page.click("weights.safetensors")
    got.value.save_as(tmp_path / "weights.safetensors")
    assert Predictor.load(tmp_path / "weights.safetensors").names == ["apple", "lemon"]
    with page.tab.expect_download() as got:
        page.click("coco")
    assert got.value.suggested_filename.endswith("coco.zip")

    page.go("", name)
    page.wait_for("One more round")
    said = page.final_words().splitlines()
    page.tab.reload()
    page.wait_for("One more round")
    assert page.final_words().splitlines() == said
    server.kill()
    server.start()
    page.go("", name)
    page.wait_for("One more round")
    assert page.final_words().splitlines() == said
    page.go("runs")
    page.wait_for_words(name)
    assert "Traceback" not in server.log()


def test_two_sessions_two_runs_and_a_server_that_dies(patient, browser):
    pages = [Page(browser, patient.url), Page(browser, patient.url)]
    names = []
    for page, thing in zip(pages, ("apples", "lemons"), strict=True):
        page.go()
        page.ask(f"segment {thing}, only 30 pictures, one round")
        page.wait_for("The plan")
        names.append(re.search(r"run=([\w.-]+)", page.tab.url)[1])
        page.click("Approve")
    assert names[0] != names[1]
    for page, thing, other in ((pages[0], "apples", "lemons"), (pages[1], "lemons", "apples")):
        page.tab.wait_for_selector(".ss-track")
        page.wait_for_words(f"segment {thing}")
        assert not page.says(f"segment {other}")
    workers = [detached.worker(patient.runs_dir / n) for n in names]
    assert None not in workers
    patient.kill()
    assert [detached.worker(patient.runs_dir / n) for n in names] == workers  # they go on without it
    patient.start()
    (patient.runs_dir.parent / "go").touch()
    for page, name, thing in zip(pages, names, ("apple", "lemon"), strict=True):
        wait_until(lambda n=name: finished(patient, n), lambda n=name: f"{n} is finished: {patient.log()[-2000:]}")
        page.go("", name)
        page.wait_for(f"Done: a model that finds {thing}s")


def test_stop_and_resume_by_their_buttons(patient, browser):
    page = Page(browser, patient.url)
    page.go()
    page.ask(REQUEST)
    page.wait_for("The plan")
    name = re.search(r"run=([\w.-]+)", page.tab.url)[1]
    page.click("Approve")
    page.tab.wait_for_selector(".ss-track")
    page.click("^stop|Stop$")
    wait_until(lambda: detached.current(patient.runs_dir / name).status == "stopped", "the run stops")
    (patient.runs_dir.parent / "go").touch()
    page.click("Go on")
    page.tab.wait_for_selector(".ss-track")
    wait_until(lambda: finished(patient, name), lambda: f"{name} is finished: {patient.log()[-2000:]}")


@pytest.mark.parametrize(("users", "inside"), [(["ann@example.org"], True), (["bob@example.org"], False)])
def test_a_login_at_an_issuer(tmp_path, browser, users, inside):
    pytest.importorskip("authlib")
    issuer = Issuer("ann@example.org")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{"x" * 64}"\n'
        f'client_id = "{CLIENT}"\nclient_secret = "y"\n'
        f'server_metadata_url = "{issuer.url}/.well-known/openid-configuration"\n'
    )
    server = Server(tmp_path, port=port, SIGHTSMITH_UI_USERS=json.dumps(users))
    try:
        page = Page(browser, server.url)
        page.go()
        page.wait_for_words("Please log in")
        assert page.tab.get_by_test_id("stSidebarNav").count() == 0
        assert not issuer.asked
        page.click("Log in")
        page.wait_for("What should be recognised?" if inside else "is not among those")
        page.settle()
        assert "/token" in issuer.asked
        if inside:
            page.tab.get_by_test_id("stChatInputTextArea").wait_for()  # the last that a page draws
        assert (page.tab.get_by_test_id("stChatInputTextArea").count() > 0) is inside
        page.click("Log out")
        page.wait_for("Please log in")
        assert "Traceback" not in server.log()
    finally:
        server.close()
        issuer.close()


def test_two_gigabytes_are_refused(server, browser, tmp_path):
    """By the page before anything is sent, and by the server when a page that is not ours sends it all the same."""
    page = Page(browser, server.url)
    page.go("bring")
    chooser = page.tab.locator("input[type=file]").first
    small = tmp_path / "small.zip"
    small.write_bytes(b"PK")
    with page.tab.expect_request(lambda r: "/upload_file/" in r.url and r.method == "PUT") as got:
        chooser.set_input_files(small)

    large = tmp_path / "large.zip"
    with large.open("wb") as file:
        file.truncate(2 << 30)  # a hole: it takes no room
    chooser.set_input_files(large)
    page.wait_for("must be 500")

    # What says that it is so large is refused before a byte of it is read.
    address = urlsplit(got.value.url)
    headers = {k: v for k, v in got.value.all_headers().items() if k.lower() in ("cookie", "x-xsrftoken")}
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=LONG_S)
    connection.request("PUT", address.path, headers=headers | {"Content-Length": str(2 << 30)})
    assert connection.getresponse().status == 413
    connection.close()


def test_five_thousand_images(tmp_path, browser):
    """Pages are sent as they are needed; text of the user that looks like markup is text in them."""
    name = '<img src=x onerror="document.title=1">'
    run = make_run(tmp_path / "runs" / "many", rounds=1, images=40, names=(name, "*b*"), request=name)
    run.record.status = "finished"
    run.save()
    run.dataset.close()
    multiply(run.folder, 5000)
    server = Server(tmp_path)
    try:
        page = Page(browser, server.url)
        page.go("runs")  # the first page of all loads the program
        page.tab.goto(f"{server.url}/gallery?run=many")
        page.tab.wait_for_selector("text=5000 pictures")
        page.tab.locator(".grid img").nth(23).wait_for()
        page.wait_until(lambda: {1, 2, 3} <= set(page.sent_pages), lambda: f"two pages lie ready: {page.sent_pages}")
        assert len(page.sent_pages) <= 6  # of 209
        with server.paused():  # the browser turns to what lies ready without asking
            for _ in range(2):
                page.turn()
        page.settle()
        before = server.memory_bytes()
        for _ in range(30):
            page.turn()
            page.settle()
        assert len(page.sent_pages) < 3 * len(set(page.sent_pages))  # hardly anything is sent again and again
        for _ in range(12):  # faster than pages can be sent ahead
            page.turn()
        assert server.memory_bytes() - before < 60e6
        assert page.tab.title() != "1"
        page.go("", "many")
        assert name in page.words()
        assert page.tab.title() != "1"
    finally:
        server.close()


def multiply(folder, count):
    """More rows for the same images."""
    database = sqlite3.connect(folder / "dataset.sqlite")
    database.row_factory = sqlite3.Row
    rows = [dict(r) for r in database.execute("SELECT * FROM samples")]
    labels = database.execute("SELECT * FROM instances").fetchall()
    with database:
        for n in range(count - len(rows)):
            source = rows[n % len(rows)]
            row = source | {"id": f"{n:016x}", "sha256": f"{n:064x}"}
            database.execute(f"INSERT INTO samples VALUES ({','.join('?' * len(row))})", list(row.values()))
            own = [(row["id"], i["position"], i["data"]) for i in labels if i["sample_id"] == source["id"]]
            database.executemany("INSERT INTO instances VALUES (?, ?, ?)", own)
    database.close()
