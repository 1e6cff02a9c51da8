"""A vision model behind any OpenAI-compatible chat endpoint: an image and a question in, its answer out.

Money is reserved before a question is sent, from the same cap as images of image services. Answers are kept in the
run's folder, so that a resume pays for nothing twice.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from tools.core.errors import StepFailed
from tools.core.files import write_json
from tools.core.in_time import WHOLE, in_time
from tools.core.ledger import Ledger, Outcome
from tools.core.secrecy import reveal
from tools.core.settings import Settings
from tools.data.images import ImageArray, scaled_size

BACKOFF_S = 1.0  # doubled at each further attempt
SEEN_PX = 768  # of the longer side: what services bill as one or two tiles
JPEG_QUALITY = 90


class OutOfMoney(StepFailed):
    """The cap leaves no room for another question."""


class VisionModel:
    """Asks one question about one image at a time.

    Args:
        settings: model, price, address, time-out; the key is only ever handed to the client.
        folder: of the run; the ledger is that of its paid images, answers are kept in `asked/`.
        cap_usd: US dollars that the run may spend in all.
    """

    def __init__(self, settings: Settings, folder: Path, cap_usd: float) -> None:
        self.settings = settings
        self.ledger = Ledger(folder / "paid_images" / "ledger.jsonl", cap_usd)
        self.name = settings.vlm.model or ""
        self._answers = folder / "asked"
        self._client: Any = None
        self._connecting = threading.Lock()

    def unavailable(self) -> str | None:
        """One sentence when the model, its address or its price is missing."""
        settings = self.settings
        if settings.vlm.model is None:
            return "no vision model is named (SIGHTSMITH_VLM_MODEL)"
        if settings.openai.api_key is None and settings.vlm.base_url is None and settings.openai.base_url is None:
            return "a vision model needs OPENAI_API_KEY, or SIGHTSMITH_VLM_BASE_URL for a server of your own"
        if settings.vlm.price is None:
            return (
                f"name what a question to {settings.vlm.model} costs in US dollars (SIGHTSMITH_VLM_PRICE, 0 on a "
                "server of your own): without it no limit could be kept"
            )
        return None

    def ask(
        self, image: ImageArray, question: str, *, examples: Sequence[tuple[ImageArray, str]] = (), photo: str = ""
    ) -> str:
        """The model's answer.

        Args:
            image: (h, w, 3) RGB.
            question: in plain words.
            examples: images with the answer that is right for each, shown first.
            photo: digest of the person's photo that it is, kept with the answer so that both can be erased.

        Raises:
            OutOfMoney: the cap leaves no room.
            StepFailed: no answer came, after all attempts.
        """
        data = _jpeg(image)
        shown = [(_jpeg(p), said) for p, said in examples]
        told = b"".join(content + said.encode() for content, said in shown)
        key = hashlib.sha256(f"{self.name}\n{question}\n".encode() + data + told).hexdigest()[:32]
        kept = self._answers / f"{key}.json"
        if kept.is_file():
            return str(json.loads(kept.read_text(encoding="utf-8"))["answer"])
        reason = ""
        for attempt in range(self.settings.vlm.attempts):
            if attempt:
                time.sleep(BACKOFF_S * 2 ** (attempt - 1))
            answer, reason, again = self._send(f"question {key}", question, data, shown)
            if answer is not None:
                about = {"question": question, "answer": answer, **({"photo": photo} if photo else {})}
                write_json(kept, about)
                return answer
            if not again:
                break
        raise StepFailed(f"the vision model {self.name} gave no answer: {reason}")

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _send(
        self, what: str, question: str, data: bytes, shown: Sequence[tuple[bytes, str]]
    ) -> tuple[str | None, str, bool]:
        """Answer, or None with why and whether to try again."""
        import openai

        number = self.ledger.reserve(what, self.settings.vlm.price or 0.0)
        if number is None:
            raise OutOfMoney(
                f"${self.ledger.spent_usd:.2f} of the ${self.ledger.cap_usd:.2f} that services may cost are spent"
            )
        outcome: Outcome = "unknown"
        messages: Any = []
        for content, said in shown:
            messages += [_message(question, content), {"role": "assistant", "content": said}]
        try:
            chat = self._connected().chat.completions
            told = [*messages, _message(question, data)]
            reply = in_time(lambda: chat.create(model=self.name, messages=told), WHOLE * self.settings.vlm.timeout_s)
            outcome = "kept"  # paid for, whatever it says
            text = reply.choices[0].message.content if reply.choices else None
            return (text, "", False) if text else (None, "the answer is empty", True)
        except openai.APIStatusError as error:
            outcome = "refunded"
            again = error.status_code == 429 or error.status_code >= 500
            return None, f"it answers {error.status_code}", again
        except TimeoutError:
            return None, f"no whole answer came within {WHOLE * self.settings.vlm.timeout_s:g} s", True
        except openai.APITimeoutError:
            return None, f"nothing came within {self.settings.vlm.timeout_s:g} s", True
        except openai.APIConnectionError as error:
            return None, f"the connection failed ({type(error.__cause__).__name__})", True
        except (openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
            return None, f"the answer cannot be read ({type(error).__name__})", True
        finally:
            self.ledger.settle(number, outcome)

    def _connected(self) -> Any:
        """The client; it does not retry by itself: only the ledger knows what an attempt may have cost."""
        with self._connecting:
            if self._client is None:
                from openai import OpenAI

                url = reveal(self.settings.vlm.base_url or self.settings.openai.base_url)
                self._client = OpenAI(
                    api_key=reveal(self.settings.openai.api_key) or "none", timeout=self.settings.vlm.timeout_s,
                    base_url=url, max_retries=0,
                )  # fmt: skip
            return self._client


def _message(question: str, data: bytes) -> dict[str, Any]:
    image = {"url": f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"}
    return {"role": "user", "content": [
        {"type": "text", "text": question}, {"type": "image_url", "image_url": image},
    ]}  # fmt: skip


def _jpeg(image: ImageArray) -> bytes:
    """An image as it is sent: at most `SEEN_PX` wide or high."""
    scale = min(1.0, SEEN_PX / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, scaled_size(image.shape[0], image.shape[1], scale), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)
