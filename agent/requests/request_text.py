"""A request as text: plain characters, mended spelling, places taken out, marks where it says what to make."""

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agent.requests import words

Known = Callable[[str], tuple[str, list[str]] | None]
CJK = r"\u3400-\u9fff"
MARK = "\ue000"  # private-use characters stand for marks and quoted names; a request cannot hold them
QUOTE_BASE = 0xE100
_WORD = r"[\w-]{1,40}"  # with an end, for "-a-a-a..." is one word from each of its letters on
_QUOTED = re.compile(r"[\"“”「」『』«»]([^\"“”「」『』«»]{1,400})[\"“”「」『』«»]|(?<![\w])'([^']{1,400})'(?!\w)")


@dataclass(frozen=True)
class Mark:
    """A word that says what to make."""

    kind: words.MarkKind
    role: Literal["verb", "noun"]


def plain_text(request: str) -> tuple[str, list[str]]:
    """Lower case, single spaces, no emoji; names in quotes are set aside as they are."""
    text = unicodedata.normalize("NFKC", request)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    quotes: list[str] = []
    if _QUOTED.fullmatch(text.strip(" .!?")):
        text = text.strip(" .!?\"“”「」『』«»'")

    def put_aside(match: re.Match[str]) -> str:
        quotes.append(match[1] or match[2])
        return f" {chr(QUOTE_BASE + len(quotes) - 1)} "

    text = _QUOTED.sub(put_aside, text)
    text = "".join(" " if unicodedata.category(c) in ("So", "Sk", "Mn") else c for c in text).lower()
    text = text.replace("’", "'").translate(_SIMPLIFIED)
    text = re.sub(r"(?<![\d.,])(\d{1,3})((?:,\d{3})+)(?![\d,])", lambda m: m[1] + m[2].replace(",", ""), text)  # 1,000
    text = re.sub(r"(?<![\w.,-])(\d{1,3})[ '_.](?=000(?![\d.,]))", r"\1", text)  # 1 000, 1.000
    text = re.sub(r"[,、，;；:：()\[\]{}]+", " , ", text)
    text = re.sub(r"[.!?。！？]+(?=\s|$)|[。！？!?]+", " \n ", text)
    return _squeeze(text), quotes


# Traditional characters of the words used here; names keep their own when the catalogue has them.
_SIMPLIFIED = str.maketrans(
    "幫個檢測識別請數組訓練蘋檸機給對張輪還買圖點樣區類級顆視頻員瓶選",
    "帮个检测识别请数组训练苹柠机给对张轮还买图点样区类级颗视频员瓶选",
)


def _squeeze(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text).strip()


def rewrite(text: str) -> str:
    """Turn some turns of phrase into the plain ones that are read further on."""
    for seen_so, place in words.PLACES_SEEN_SO:
        text = seen_so.sub(place, text)
    text = words.VIEWS.sub(" ", re.sub(words.TECHNOLOGY, " ", text))
    text = re.sub(r"[用使]?(?:yolo[a-z0-9-]*|深度学习|机器学习|神经网络|人工智能|python)(?:来|技术)?", " ", text)
    text = re.sub(rf"\b(an?|the|me|my) (?:{words.QUALITY})(?= (?:{_WORD} ){{1,4}}(?:model|\w*segment|detect"
        rf"|classif|recogni|counter|sorter))",
                  r"\1", text)  # fmt: skip
    text = re.sub(r"\bcut(?:ting)? ((?:(?!\bout\b)[^\n,])+?) out\b", r"cut out \1", text)
    text = re.sub(rf"\b(?:whether|if|is|are) ((?:this|these|the|an?|my|each|every) )?({_WORD}) (?:(?:is|are) )?"
                  rf"({_WORD}) or ({_WORD})\b", _whether, text)  # fmt: skip
    text = re.sub(rf"\b(?:whether|if) (?:(?:this|these|the|an?|my|each|every) )?({_WORD}) (?:is"
        rf"|are) ({_WORD})(?= ?(?:$|\n|,))",
                  lambda m: f"whether {m[2]} {m[1]}" if m[2] in words.STATES else m[0], text)  # fmt: skip
    text = re.sub(rf"\b({_WORD}) (?:that|which) (?:are|is) ({_WORD})(?= *(?:$|\n|,|and\b|or\b|from\b))", r"\2 \1", text)
    text = re.sub(rf"\b({_WORD}) (?:in)?to ({_WORD}(?: ?, {_WORD}){{0,20}}(?: and| or| ,|/) ?{_WORD})\b", _into, text)
    text = re.sub(rf"\b({_WORD}) (?:with|wearing) (?:and|or) without ((?:an? )?{_WORD}"
                  rf"(?: (?!(?:in|on|at|from|and|or|for|by|using)\b){_WORD})?)\b", _with_and_without, text)  # fmt: skip
    text = re.sub(
        r"([^\s,\n]{1,8}?)是([^\s,\n是的]{1,5})的?(?:还是|或者?|或是)([^\s,\n是的]{1,5})的?(?=[\s,\n吗呢]|$)",
        _whether_zh,
        text,
    )
    return text


def _with_and_without(match: re.Match[str]) -> str:
    noun, worn = match.groups()
    worn = re.sub(r"^((?:an? )?)masks?$", r"\1face mask", worn)  # not the masks that segmenters give
    return f"{noun} with {worn} and {noun} without {worn}"


def _whether(match: re.Match[str]) -> str:
    _, noun, one, other = match.groups()
    if one in words.STATES and (other in words.STATES or other == "not"):
        return f"whether {one} {noun}" + ("" if other == "not" else f" or {other} {noun}")
    return match[0]


def _into(match: re.Match[str]) -> str:
    noun, states = match.groups()
    parts = [p for p in re.split(r"\s*(?:,|/|\band\b|\bor\b)\s*", states) if p]
    return " and ".join(f"{p} {noun}" for p in parts) if all(p in words.STATES for p in parts) else match[0]


def _whether_zh(match: re.Match[str]) -> str:
    noun, one, other = match.groups()
    verb = re.match(r"(.*(?:判断|区分|分辨|看看?|识别|辨认|想知道|告诉我)(?:这个|这些|一个|一下)?)?(.+)", noun)
    lead, name = (verb[1] or "", verb[2]) if verb else ("", noun)
    return f"{lead or '判断'}{one}{name}和{other}{name}" if one in words.STATES or other in words.STATES else match[0]


def mend_spelling(text: str, known: Known) -> str:
    """Mend misspelt kind words ("segmnet"); no other word is guessed."""

    def mend(match: re.Match[str]) -> str:
        word = match[0]
        if word in words.SPELLED or any(re.fullmatch(p, word) for _, _, p in words.MARKS) or known(word):
            return word
        near = difflib.get_close_matches(word, words.SPELLED, n=1, cutoff=0.84)
        return near[0] if near else word

    return re.sub(r"[a-z]{6,}|detct|dtect", mend, text)


# Places ---------------------------------------------------------------------------------------------------------------


def _place_index() -> dict[str, str]:
    index: dict[str, str] = {}
    for context, names in words.PLACES.items():
        for name in names:
            index[name] = context
            head, _, last = name.rpartition(" ")
            if last.isascii():
                index[f"{head} {words.PLURAL_PLACES.get(last, last + 's')}".strip()] = context
    return index


PLACE_OF = _place_index()


def _alternatives(names: list[str]) -> str:
    return "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))


PREPOSITION = "|".join(words.PREPOSITIONS)
_PLACE_EN = re.compile(
    rf"\b(?:(?:hanging|lying|growing|sitting|held|standing|moving|placed|seen|lined up|flying|taken|shot|(?:that"
    rf"|which) (?:are|is|hang|"
    rf"lie|grow|stand)) )?(?:{PREPOSITION})(?: top of)? (?:(?:pictures|photos|images|front) of )?"
    rf"(?:(?!(?:{PREPOSITION}|and|or|of|with)\b)[\w'-]+ ){{0,3}}?"
    rf"(?P<place>{_alternatives([n for n in PLACE_OF if n.isascii()])})\b(?! (?:tennis|lamp|sign|mat|cloth"
    rf"|light|ball))"
    rf"(?: (?:images?|pictures?|photos?|belt|scenes?))*"
)
_PLACE_ZH = re.compile(
    rf"(?:(?:长|挂|放|摆|躺|停|飞|拿|握)?在)?(?P<place>{_alternatives([n for n in PLACE_OF if not n.isascii()])})"
    r"(?:(?:的?(?:上面|里面|上方|下面|旁边|表面)|上|里|中|内|下|边)的?|(?<=[里中上底景])的?)"
    rf"|在(?P<bare>{_alternatives([n for n in PLACE_OF if not n.isascii()])})(?:的|(?=[{CJK}]))"
)


def take_places(text: str) -> tuple[list[str], str]:
    """Places that the request names with a preposition, in its order, and the text without them."""
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        groups = match.groupdict()
        place = groups.get("place") or groups.get("bare") or ""
        lead = match[0][: match[0].rfind(place)]
        if lead.startswith("from ") and re.search(r"\b(?:tell|tells|distinguish|separate|differentiate)\b", text):
            return match[0]
        if PLACE_OF[place] not in found:
            found.append(PLACE_OF[place])
        return " "

    for pattern in (_PLACE_EN, _PLACE_ZH):
        previous = ""
        while previous != text:  # "on a table in the kitchen"
            previous, text = text, _squeeze(pattern.sub(take, text))
    return found, text


# Marks ----------------------------------------------------------------------------------------------------------------

_MARK_PATTERNS = [
    (Mark(kind, role), re.compile(f"(?P<no>{words.REFUSED}|{words.REFUSED_ZH})?(?:{pattern})(?:器(?![皿具材械官]))?"))
    for kind, role, pattern in words.MARKS
]


def mark(text: str) -> tuple[str, list[Mark], set[str]]:
    """Put a mark in the place of each word that says what to make; also the kinds that are refused ("no masks")."""
    spans: list[tuple[int, int, Mark | None]] = []
    refused: set[str] = set()
    taken = [False] * (len(text) + 1)
    for mark, pattern in _MARK_PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if start == end or any(taken[start:end]):
                continue
            taken[start:end] = [True] * (end - start)
            if match["no"]:
                refused.add(mark.kind)
            spans.append((start, end, None if match["no"] else mark))
    spans.sort(key=lambda s: s[0])
    pieces, marks, at = [], [], 0
    for start, end, found in spans:
        pieces.append(text[at:start])
        pieces.append(f" {MARK} " if found else " \n ")
        if found:
            marks.append(found)
        at = end
    return _squeeze("".join(pieces) + text[at:]), marks, refused
