"""What a run's language model has cost: how often it was asked, the tokens, and money where that is known.

The counts lie in the record's totals, so that they add up over resumes and are kept however the run ends. A limit on
money that the person named holds for services and language model together (`agent/limits.py`).
"""

import math
from typing import TYPE_CHECKING, Any

from tools.core.settings import Settings
from tools.runs.runtime import RunRecord

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

CALLS, READ, WRITTEN, MONEY = "llm_calls", "llm_tokens_read", "llm_tokens_written", "llm_money"
APPROVED = "money_approved"  # in all, with what the language model had cost, where more images were approved
UNCOUNTED = "llm_calls_uncounted"  # calls of which nobody said how many tokens they took: failed ones, and odd servers
_A_MILLION = 1_000_000


def asked(record: RunRecord, answer: "AIMessage | None", settings: Settings) -> None:
    """Count one question to the language model.

    Args:
        record: of the run; its totals grow.
        answer: what came; None where none did, which may have cost something all the same.
        settings: `llm_price` says what tokens cost where the endpoint does not.
    """
    usage = answer.usage_metadata if answer is not None else None
    read, written = (usage["input_tokens"], usage["output_tokens"]) if usage else (0, 0)
    _add(record, CALLS, 1)
    _add(record, READ, read)
    _add(record, WRITTEN, written)
    if not read and not written:
        _add(record, UNCOUNTED, 1)
    if answer is not None and (money := _money(answer, read, written, settings)) is not None:
        _add(record, MONEY, money)


def sentence(record: RunRecord) -> str:
    """What the language model has cost, in words; empty where none was asked."""
    total = record.totals
    calls = int(total.get(CALLS, 0))
    if not calls:
        return ""
    times = "once" if calls == 1 else f"{calls} times"
    uncounted = int(total.get(UNCOUNTED, 0))
    if uncounted == calls:
        return f"The language model was asked {times}; how many tokens that took, its endpoint does not say."
    tokens = f"{int(total.get(READ, 0)):,} tokens read, {int(total.get(WRITTEN, 0)):,} written"
    rest = f", {uncounted} of the calls not counted" if uncounted else ""
    cost = f"about ${total[MONEY]:.4f}" if MONEY in total else "the price is not known (SIGHTSMITH_LLM_PRICE)"
    return f"The language model was asked {times}: {tokens}{rest}; {cost}."


def _money(answer: "AIMessage", read: int, written: int, settings: Settings) -> float | None:
    """US dollars of one answer: as the endpoint says, else by the price of a token; None: not known."""
    said: Any = (answer.response_metadata.get("token_usage") or {}).get("cost")
    if isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said) and said >= 0:
        return float(said)
    if settings.llm.price is None or not (read or written):
        return None
    return (read * settings.llm.price[0] + written * settings.llm.price[1]) / _A_MILLION


def _add(record: RunRecord, name: str, amount: float) -> None:
    if amount or name in (CALLS, MONEY):
        record.totals[name] = round(record.totals.get(name, 0.0) + amount, 8)
