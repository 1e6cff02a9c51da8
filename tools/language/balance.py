"""Which questions are kept, so that nobody answers well who never looks; and how balanced and hard they are.

Vision-language models learn the answers that are common (arXiv 1612.00837), and say yes to what is asked (POPE, arXiv
2305.10355): so of every yes/no question as many are kept with "no" as with "yes", name by name, and no answer of an
open question is much more common than the others.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.language.questions import KINDS, Pair

PAIRS_AN_IMAGE = 16
MOST_SHARE = 0.4  # of one answer among those of an open kind
YES_NO = frozenset({"yes", "no"})
_OPEN = ("count", "colour", "where")  # kinds whose answers can be guessed; the others' are as many as images

Asked = tuple[str, Pair]  # id of the image, question


def balanced(asked: Mapping[str, Sequence[Pair]]) -> dict[str, list[Pair]]:
    """The questions that are kept, by image, in a stable order; at most `PAIRS_AN_IMAGE` of one.

    Args:
        asked: image -> all that can be asked of it.
    """
    pool = [(image, pair) for image, pairs in asked.items() for pair in pairs]
    pool.sort(key=lambda p: hashlib.sha1(f"{p[0]}/{p[1].question}".encode()).digest())
    kept = _thinned(_paired(pool))
    counts: Counter[str] = Counter()
    few: list[Asked] = []
    for image, pair in _turns(kept):
        if counts[image] < PAIRS_AN_IMAGE:
            counts[image] += 1
            few.append((image, pair))
    found: dict[str, list[Pair]] = {image: [] for image in asked}
    for image, pair in _thinned(_paired(few)):
        found[image].append(pair)
    return found


def _paired(pool: Sequence[Asked]) -> list[Asked]:
    """As many "no" as "yes" of every key; what is not answered so stays."""
    groups: dict[str, dict[str, list[Asked]]] = defaultdict(lambda: defaultdict(list))
    kept = []
    for image, pair in pool:
        if pair.answer in YES_NO:
            groups[pair.key][pair.answer].append((image, pair))
        else:
            kept.append((image, pair))
    for group in groups.values():
        most = min(len(group["yes"]), len(group["no"]))
        kept += [*group["yes"][:most], *group["no"][:most]]
    return kept


def _thinned(pool: Sequence[Asked]) -> list[Asked]:
    """Open questions without a far too common answer: it is cut to its share, or to as many as the next one."""
    kept = [p for p in pool if p[1].kind not in _OPEN or p[1].answer in YES_NO]
    for kind in _OPEN:
        answers: dict[str, list[Asked]] = defaultdict(list)
        for image, pair in pool:
            if pair.kind == kind and pair.answer not in YES_NO:
                answers[pair.answer].append((image, pair))
        sizes = sorted((len(same) for same in answers.values()), reverse=True)
        if len(sizes) > 1:
            most = max(sizes[1], int(MOST_SHARE / (1 - MOST_SHARE) * (sum(sizes) - sizes[0])))
        for same in answers.values():
            kept += same[:most] if len(sizes) > 1 else same
    return kept


def _turns(pool: Sequence[Asked]) -> Iterable[Asked]:
    """Kind after kind in turn for each image, rare kinds first, so that the limit cuts what there is most of."""
    common = Counter((pair.kind, pair.answer in YES_NO) for _, pair in pool)
    order = {kind: place for place, kind in enumerate(sorted(common, key=lambda k: (common[k], k)))}
    turn: Counter[tuple[str, str, bool]] = Counter()
    ranked = []
    for place, (image, pair) in enumerate(pool):
        kind = pair.kind, pair.answer in YES_NO
        turn[image, *kind] += 1
        ranked.append((turn[image, *kind], order[kind], place))
    return (pool[place] for _, _, place in sorted(ranked))


def statistics(kept: Iterable[Pair]) -> dict[str, Any]:
    """Pairs by kind and difficulty; `blind` is the score of who gives the most common answer without looking."""
    pairs = list(kept)
    kinds: dict[str, dict[str, Any]] = {}
    answered: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        answered[pair.key][pair.answer] += 1
    guess = {key: counts.most_common(1)[0][0] for key, counts in answered.items()}
    for kind in KINDS:
        part = [p for p in pairs if p.kind == kind]
        if not part:
            continue
        answers = Counter(p.answer for p in part)
        blind = sum(guess[p.key] == p.answer for p in part) / len(part)
        kinds[kind] = {
            "pairs": len(part), "answers": len(answers), "yes": answers["yes"], "no": answers["no"],
            "most_common": f"{answers.most_common(1)[0][0]} ({answers.most_common(1)[0][1] / len(part):.0%})",
            "blind": round(blind, 3),
        }  # fmt: skip
    return {"pairs": len(pairs), "kinds": kinds, "difficulty": dict(Counter(p.difficulty for p in pairs))}
