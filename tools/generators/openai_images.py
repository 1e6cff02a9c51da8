"""Images from any OpenAI-compatible image endpoint: several requests at once, never faster nor dearer than allowed.

The prompt is the scene's caption. Images have no exact labels: an annotator finds what is in them. An image that was
paid for is on disk before anything else happens to it, so a kill or a resume pays for nothing twice.
"""

import base64
import http.client
import json
import re
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core.errors import StepFailed
from tools.core.in_time import WHOLE, in_time
from tools.core.ledger import Ledger, Outcome
from tools.core.secrecy import redact, reveal
from tools.core.settings import Settings
from tools.data.images import ImageArray, read_image, write_image
from tools.generators import Failed, Generated, Generator
from tools.runs.runtime import write_json
from tools.scenes.scene import SceneSpec

REFUSALS = ("content_policy_violation", "moderation_blocked", "content_filter", "safety system", "content policy")
NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"})
BACKOFF_S, MOST_BACKOFF_S = 1.0, 60.0  # doubled each time; a service that says how long to wait is believed
FAILURES_IN_A_ROW = 8  # images; then the service is down, and what is left stays planned
DOWNLOADS, DOWNLOAD_TIMEOUT_S = 3, 60.0  # tries of a link to an image
MOST_BYTES = 64 * 2**20  # of a downloaded image


class _Stop(Exception):
    """No further request makes sense; the message says why. Fatal: nor will one after a resume."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.fatal = fatal


class _Again(Exception):
    """This attempt failed in a way that may pass."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _Refused(Exception):
    """The service will not draw this prompt."""


class OpenAIImages(Generator):
    """Asks an image service.

    Args:
        settings: model, price, size, rate, time-outs; the key is only ever handed to the client.
        folder: of the run; `paid_images/` in it holds the ledger and images that are not in the data set yet.
        cap_usd: US dollars that the run may spend.
    """

    name = "openai_images"
    licence = "the image service's terms"

    def __init__(self, settings: Settings, folder: Path, cap_usd: float) -> None:
        self.settings, self.folder = settings, folder / "paid_images"
        self.ledger = Ledger(self.folder / "ledger.jsonl", cap_usd)
        self.counts: Counter[str] = Counter()  # requests, images, refused, retried
        self._key = reveal(settings.image.api_key or settings.openai.api_key)
        self._url = reveal(settings.image.base_url or settings.openai.base_url)
        self._pace = _Pace(60.0 / settings.image.requests_per_minute)
        self._ending = threading.Event()
        self._client: Any = None
        self._connecting = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def version(self) -> str:
        """The model's name: a service tells no more."""
        return self.settings.image.model

    @property
    def spent_usd(self) -> float:
        """US dollars spent so far by this run."""
        return self.ledger.spent_usd

    def unavailable(self) -> str | None:
        """One sentence when the key, the price or the money is missing."""
        price = self.settings.image.price
        if self._key is None and self._url is None:
            return "An image service needs OPENAI_API_KEY, or SIGHTSMITH_IMAGE_BASE_URL for a server of your own."
        if price is None:
            return (
                f"Name what a picture of {self.settings.image.model} costs in US dollars (SIGHTSMITH_IMAGE_PRICE, 0 on "
                "a server of your own): without it no limit could be kept."
            )
        if price > self.ledger.cap_usd:
            return (
                f"A picture of {self.settings.image.model} costs ${price:g} and this run may spend "
                f"${self.ledger.cap_usd:g}; allow more with --money."
            )
        return None

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene; ends early, saying why in `stopped`, when the money is spent.

        Raises:
            StepFailed: the service refuses every request (key, model, size, address), or is down.
        """
        self._ending.clear()
        self.stopped = None
        left, waiting, given = iter(scenes), deque[Future[Generated | Failed]](), set[str]()
        in_a_row = 0
        with ThreadPoolExecutor(self.settings.image.concurrency) as pool:
            self._pool = pool
            try:
                for scene in islice(left, self.settings.image.concurrency):
                    waiting.append(pool.submit(self._image, scene))
                while waiting:
                    result = waiting.popleft().result()
                    given.add(result.scene.id)
                    yield result
                    in_a_row = in_a_row + 1 if isinstance(result, Failed) and not result.declined else 0
                    if in_a_row == FAILURES_IN_A_ROW:
                        raise _Stop(f"the image service does not work: {getattr(result, 'reason', '')}", fatal=True)
                    for scene in islice(left, 1):
                        waiting.append(pool.submit(self._image, scene))
            except _Stop as stop:
                if stop.fatal:
                    raise StepFailed(f"{stop}. Pictures made so far are kept; the others stay planned.") from None
                self.stopped = str(stop)
            finally:
                # Requests on their way are paid for: they are waited for, and their images kept.
                self._ending.set()
                for late in waiting:
                    late.cancel()
        if self.stopped is not None:
            for scene in scenes:
                if scene.id not in given and (kept := self._kept(scene)) is not None:
                    yield kept

    def close(self) -> None:
        """Wait for images on their way, which are paid for, then close the connections."""
        self._ending.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._client is not None:
            self._client.close()
            self._client = None

    # One image ------------------------------------------------------------------------------------------------------

    def _image(self, scene: SceneSpec) -> Generated | Failed:
        """The image of a scene: paid for before, or asked for now, several times where that may help."""
        started = time.perf_counter()
        if (kept := self._kept(scene)) is not None:
            return kept
        reason = ""
        for attempt in range(self.settings.image.attempts):
            try:
                self._ask(scene, started)
                kept = self._kept(scene)
                assert kept is not None
                return kept
            except _Refused as refusal:
                self.counts["refused"] += 1
                return Failed(scene, f"the service refused the prompt: {refusal}", declined=True)
            except _Again as fault:
                reason = str(fault)
                self.counts["retried"] += 1
                wait_s = BACKOFF_S * 2**attempt if fault.wait_s is None else fault.wait_s
                if self._ending.wait(min(wait_s, MOST_BACKOFF_S)):
                    raise _Stop("stopped") from None
        return Failed(scene, f"{reason} ({self.settings.image.attempts} attempts)")

    def _ask(self, scene: SceneSpec, started: float) -> None:
        """One request: money first, then the rate, then the wire; the image is on disk when it returns.

        Raises:
            _Stop: the money is spent, or no request can succeed.
            _Again: it may succeed the next time.
            _Refused: the prompt is refused.
        """
        price = self.settings.image.price or 0.0
        number = self.ledger.reserve(scene.id, price)
        if number is None:
            raise _Stop(
                f"${self.ledger.spent_usd:.2f} of the ${self.ledger.cap_usd:.2f} that image services may cost are spent"
            )
        outcome: Outcome = "unknown"
        try:
            if self._pace.wait(self._ending):
                outcome = "refunded"  # nothing was sent
                raise _Stop("stopped")
            self.counts["requests"] += 1
            outcome, answer = self._send(scene)
            self._keep(scene, answer, started)
            outcome = "kept"
            self.counts["pictures"] += 1
        except _Fault as fault:
            outcome = fault.outcome
            raise fault.then from None
        finally:
            self.ledger.settle(number, outcome)

    def _send(self, scene: SceneSpec) -> tuple[Outcome, Any]:
        """The service's answer, which is paid for whatever it holds.

        Raises:
            _Fault: there is none.
        """
        import openai

        options = {"quality": self.settings.image.quality} if self.settings.image.quality else {}
        try:
            wanted = {"model": self.settings.image.model, "prompt": scene.caption, "size": self.settings.image.size}
            draw = partial(self._connected().images.generate, **wanted, n=1, **options)
            return "kept", in_time(draw, WHOLE * self.settings.image.timeout_s)
        except TimeoutError:
            reason = f"no whole answer within {WHOLE * self.settings.image.timeout_s:g} s"
            raise _Fault("unknown", _Again(reason)) from None
        except openai.APIStatusError as error:
            raise _Fault("refunded", self._meaning(error)) from None
        except openai.APITimeoutError:
            reason = f"no answer within {self.settings.image.timeout_s:g} s"
            raise _Fault("unknown", _Again(reason)) from None
        except openai.APIConnectionError as error:
            never_sent = type(error.__cause__).__name__ in NOT_SENT
            reason = f"the connection to the image service failed ({type(error.__cause__).__name__})"
            raise _Fault("refunded" if never_sent else "unknown", _Again(reason)) from None
        except (openai.OpenAIError, ValueError) as error:  # an answer that is none
            raise _Fault("unknown", _Again(f"the answer cannot be read ({type(error).__name__})")) from None

    def _meaning(self, error: Any) -> Exception:
        """What an answer with an error status means for this image or for all."""
        text = redact(str(getattr(error, "message", error)))[:300]
        code = str(getattr(error, "code", None) or "")
        if any(word in f"{code} {text}".casefold() for word in REFUSALS):
            return _Refused(text)
        if "insufficient_quota" in code or "billing" in code:
            return _Stop(f"the image service's account is empty: {text}", fatal=True)
        if error.status_code == 429 or error.status_code >= 500 or error.status_code in (408, 409):
            after = error.response.headers.get("retry-after", "")
            return _Again(
                f"the image service answers {error.status_code}: {text}",
                float(after) if re.fullmatch(r"\d+(\.\d+)?", after) else None,
            )
        return _Stop(
            f"the image service refuses the request ({error.status_code}: {text}); check the key, the model "
            f"{self.settings.image.model!r} and the size {self.settings.image.size}",
            fatal=True,
        )

    # Images on disk -------------------------------------------------------------------------------------------------

    def _keep(self, scene: SceneSpec, answer: Any, started: float) -> None:
        """Write what was paid for.

        Raises:
            _Fault: the answer holds no image.
        """
        try:
            entry = answer.data[0]
            revised = getattr(entry, "revised_prompt", None)
            data = base64.b64decode(entry.b64_json, validate=True) if entry.b64_json else _download(entry.url)
            image = self._decoded(scene, data)
        except (AttributeError, TypeError, IndexError, ValueError, _NoImage, StepFailed) as error:
            # Paid for and useless: it counts as spent.
            reason = f"the answer holds no picture ({type(error).__name__})"
            raise _Fault("kept", _Again(reason)) from None
        facts = {
            "prompt": scene.caption, "model": self.settings.image.model, "size": self.settings.image.size,
            "quality": self.settings.image.quality, "endpoint": urllib.parse.urlsplit(self._url or "").hostname,
            "revised_prompt": revised, "seconds": round(time.perf_counter() - started, 3),
        }  # fmt: skip
        write_json(self.folder / f"{scene.id}.json", {k: v for k, v in facts.items() if v is not None})
        write_image(self.folder / f"{scene.id}.jpg", image)

    def _decoded(self, scene: SceneSpec, data: bytes) -> ImageArray:
        """The image in the run's size: its middle square, scaled."""
        raw = self.folder / f".{scene.id}.raw"
        try:
            raw.write_bytes(data)
            image = read_image(raw)
        finally:
            raw.unlink(missing_ok=True)
        height, width = image.shape[:2]
        side, size = min(height, width), self.settings.size_px
        top, left = (height - side) // 2, (width - side) // 2
        square = image[top : top + side, left : left + side]
        how = cv2.INTER_AREA if side >= size else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(square, (size, size), interpolation=how), np.uint8)

    def _kept(self, scene: SceneSpec) -> Generated | None:
        """An image that is paid for and not in the data set yet."""
        path, facts = self.folder / f"{scene.id}.jpg", self.folder / f"{scene.id}.json"
        if not path.is_file() or not facts.is_file():
            return None
        known: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8"))
        size = self.settings.size_px
        return Generated(
            scene=scene, image=path, width=size, height=size, instances=[], seconds=known.pop("seconds", 0.0),
            provenance=known | {"cost_usd": self.ledger.cost_of(scene.id)},
        )  # fmt: skip

    # The client -------------------------------------------------------------------------------------------------------

    def _connected(self) -> Any:
        """The client; it does not retry by itself, for a time-out may have cost money and only the ledger knows."""
        with self._connecting:
            if self._client is None:
                from openai import OpenAI

                self._client = OpenAI(
                    api_key=self._key or "none", base_url=self._url,
                    timeout=self.settings.image.timeout_s, max_retries=0,
                )  # fmt: skip
            return self._client


class _Fault(Exception):
    """A request that gave no image: what it cost, and what to do then."""

    def __init__(self, outcome: Outcome, then: Exception) -> None:
        super().__init__(str(then))
        self.outcome, self.then = outcome, then


class _NoImage(Exception):
    """A link leads nowhere."""


class _Pace:
    """Lets requests pass at even distances.

    Args:
        gap_s: seconds from one to the next.
    """

    def __init__(self, gap_s: float) -> None:
        self._gap_s, self._next = gap_s, 0.0
        self._lock = threading.Lock()

    def wait(self, ending: threading.Event) -> bool:
        """Wait for the next slot; true when the end comes first."""
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next)
            self._next = slot + self._gap_s
        return ending.wait(slot - now)


def _download(url: str) -> bytes:
    """The bytes behind a link that the service gave.

    Raises:
        ValueError: it is no web address, or the file is too large.
        _NoImage: it cannot be fetched, tried several times: it is paid for.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("not a web address")
    for attempt in range(DOWNLOADS):
        try:
            with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT_S) as answer:
                data: bytes = answer.read(MOST_BYTES + 1)
        except (OSError, http.client.HTTPException):
            time.sleep(BACKOFF_S * 2**attempt if attempt + 1 < DOWNLOADS else 0)
            continue
        if len(data) > MOST_BYTES:
            raise ValueError("larger than a picture is")
        return data
    raise _NoImage("the link to the picture does not work")
