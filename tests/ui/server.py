"""The real server and a real browser, for tests: Debian's Chromium driven by Playwright."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.waiting import LONG_S, wait_until


class Server:
    """`sightsmith ui` on a free port of this machine, or on that which is named."""

    def __init__(self, folder: Path, *, port: int = 0, **environment: str) -> None:
        self._folder = folder  # where Streamlit looks for its secrets
        self.runs_dir = folder / "runs"
        self._log = folder / "server.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", port))
            self.port = free.getsockname()[1]
        self._environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": "1", "SIGHTSMITH_THREADS": "1",
            "SIGHTSMITH_GENERATOR": "tests.fakes:ShapeGenerator", "SIGHTSMITH_LLM": "offline",
            "SIGHTSMITH_SIZE_PX": "64", "SIGHTSMITH_TRAINER": "tests.faults.jobs:ShortTrainer",
            "SIGHTSMITH_EPOCHS": "4", "SIGHTSMITH_EPOCH_PICTURES": "1", "SIGHTSMITH_EFFORT": "quick",
            "SIGHTSMITH_MEMORY_DIR": str(folder / "memory"),
        } | environment  # fmt: skip
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "agent.cli.app", "ui", "--no-browser", "--port", str(self.port), "--runs-dir",
                   str(self.runs_dir)]  # fmt: skip
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, start_new_session=True, cwd=self._folder
            )
        wait_until(self._answers, lambda: f"the server answers: {self.log()[-2000:]}")

    def kill(self) -> None:
        """As hard as a machine can: the whole session of the server."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It does nothing meanwhile: what happens in a browser then happens without it."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """End the server and every worker of its runs."""
        from agent import detached

        self.kill()
        for folder in self.runs_dir.glob("*"):
            pid = detached.worker(folder)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)

    def memory_bytes(self) -> int:
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=10).close()
            return True
        except OSError:
            return False


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launch(playwright: Any) -> Any:
    return playwright.chromium.launch(
        executable_path=chromium(),
        args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream",
              "--use-fake-device-for-media-stream"],
        timeout=LONG_S * 1000,
    )  # fmt: skip


# From the key to the frame in which every image of another page is there.
_TURNED = """() => {
  const grid = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.querySelector(".grid")).find(Boolean);
  const old = grid.querySelector("img");
  window.turned = new Promise(done => {
    let began = null;
    document.addEventListener("keydown", () => { began = performance.now(); }, { capture: true, once: true });
    const look = () => {
      const all = [...grid.querySelectorAll("img")];
      const there = all.length && all[0] !== old && all.every(i => i.complete && i.naturalWidth);
      if (began !== null && there) done(performance.now() - began); else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}"""


class Page:
    """One tab of one session."""

    def __init__(self, browser: Any, url: str, **context: Any) -> None:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "accept_downloads": True}
        self.url = url
        self.tab = browser.new_context(**options | context).new_page()
        self.sent_pages: list[int] = []  # numbers of the gallery's pages, as they come
        self.tab.on("websocket", lambda opened: opened.on("framereceived", self._look))
        self.tab.set_default_timeout(LONG_S * 1000)

    def _look(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        self.sent_pages += sorted({int(n) for n in re.findall(r'"(\d+)":\s*\[\{"id"', text)})

    def wait_until(self, true: Callable[[], Any], what: str | Callable[[], object]) -> None:
        """Wait for what the tab tells: it is listened to meanwhile."""
        wait_until(lambda: self.tab.wait_for_timeout(20) or true(), what)

    def go(self, page: str = "", run: str | None = None) -> None:
        self.tab.goto(f"{self.url}/{page}" + (f"?run={run}" if run else ""))
        self.tab.wait_for_selector(".ss-head, .ss-say")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has nothing more to draw."""
        idle = "() => document.querySelector('[data-test-script-state]')?.dataset.testScriptState === 'notRunning'"
        for _ in range(2):  # one drawing may ask for another
            self.tab.wait_for_timeout(200)
            self.tab.wait_for_function(idle)

    def ask(self, text: str) -> None:
        box = self.tab.get_by_test_id("stChatInputTextArea")
        box.fill(text)
        box.press("Enter")

    def click(self, name: str, **options: Any) -> None:
        self.tab.get_by_role("button", name=re.compile(name)).first.click(**options)

    def turn(self, key: str = "ArrowRight") -> float:
        """Press a key that turns the gallery's page; returns seconds until the other images are painted.

        Timed in the browser: this process looks too seldom to tell a tenth of a second.
        """
        self.tab.evaluate(_TURNED)
        self.tab.keyboard.press(key)
        return float(self.tab.evaluate("() => window.turned")) / 1000

    def wait_for(self, text: str) -> None:
        self.tab.wait_for_selector(f"text={text}")

    def wait_for_words(self, text: str) -> None:
        """Wait until the words of the page hold these, in whatever elements."""
        self.wait_until(lambda: self.says(text), lambda: f"the page says {text!r}: {self.words()}")

    def says(self, text: str) -> bool:
        return text in self.words()

    def words(self) -> str:
        return str(self.tab.get_by_test_id("stMainBlockContainer").inner_text())

    def final_words(self) -> str:
        """The words of the page once they change no more."""
        before = ""
        while (now := self.words()) != before:
            before = now
            self.tab.wait_for_timeout(1000)
        return now

    def drag(self, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag over an element, by shares of its sides."""
        place = self.tab.locator(selector).bounding_box()
        points = [(place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in (start, end)]
        self.tab.mouse.move(*points[0])
        self.tab.mouse.down()
        self.tab.mouse.move(*points[1], steps=6)
        self.tab.mouse.up()
        self.settle()
