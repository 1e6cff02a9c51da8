"""What a request asks for, English and Chinese: kind of task, classes, places, amounts; or one question.

Plain rules, no model: it is what runs without a key. The words are in `words.py`, the amounts in `amounts.py`. A request
is data: whatever else it says ("ignore your rules") is not followed, because nothing here could follow it.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from agent import words
from agent.amounts import take_amounts
from tools.data.task import Effort, TaskKind, clean_name

Known = Callable[[str], tuple[str, list[str]] | None]
Language = Literal["en", "zh"]

_CJK = r"\u3400-\u9fff"
_QUOTED = re.compile(r"[\"“”「」『』«»]([^\"“”「」『』«»]{1,400})[\"“”「」『』«»]|(?<![\w])'([^']{1,400})'(?!\w)")
_MARK = "\ue000"  # private-use characters stand for marks and quoted names; a request cannot hold them
_QUOTE_BASE = 0xE100
_MAX_PLAIN_WORDS = 4  # a longer phrase that no catalogue knows is a sentence, not a name
_MAX_CHARS = 4000  # a request is a sentence or a few; a pasted book must not take seconds
_KIND_ORDER: tuple[TaskKind, ...] = ("segment", "detect", "classify")


class WantedClass(BaseModel):
    """A class as the person named it, and what draws it when the catalogue knows."""

    name: str
    drawn_as: str = ""
    appearances: list[str] = Field(default_factory=list)


class Understanding(BaseModel):
    """A request, understood; `question` is set when it cannot be acted upon yet."""

    kind: TaskKind | None = None
    kind_assumed: bool = Field(False, description="no word of the request names the kind; segment was taken")
    classes: list[WantedClass] = Field(default_factory=list)
    contexts: list[str] = Field(default_factory=list)
    images: int | None = None
    rounds: int | None = None
    minutes: float | None = None
    money: float | None = None
    target: float | None = None
    effort: Effort | None = None
    language: Language = "en"
    notes: list[str] = Field(default_factory=list)
    question: str | None = None


@dataclass(frozen=True)
class _Mark:
    kind: words.MarkKind
    role: Literal["verb", "noun"]


def understand(request: str, known: Known) -> Understanding:
    """Read a request.

    Args:
        request: what the person wrote, of any length and content.
        known: key and appearances of a phrase that something can draw, or None.

    Returns:
        The task as far as it was said; `question` holds what must be asked first, in the person's language.
    """
    text, quotes = _plain(request[:_MAX_CHARS])
    language: Language = "zh" if re.search(f"[{_CJK}]", request) else "en"
    amounts, text = take_amounts(text)
    result = Understanding(
        language=language, images=amounts.images, rounds=amounts.rounds, minutes=amounts.minutes, money=amounts.money,
        target=amounts.target, effort=amounts.effort, notes=amounts.notes,
    )  # fmt: skip
    result.contexts, text = _take_places(_rewrite(_spell(text, known)), known)
    marked, marks, refused = _mark(text)
    reader = _Reader(known, quotes)
    result.classes = reader.classes(marked, marks)
    result.contexts = result.contexts or reader.contexts
    if reader.elsewhere and not result.contexts and result.classes:
        place = reader.elsewhere[0][:60]
        result.notes.append(f"没有“{place}”这样的场景，图片会包含所有地点" if language == "zh" else
                            f'"{place}" is no place that can be built here; the pictures show every place')  # fmt: skip
    _decide_kind(result, marks, refused, text)
    result.question = _question(result, marks, marked, reader)
    return result


def merge(first: Understanding, second: Understanding) -> Understanding:
    """What holds after the person added something: the second where it says anything, else the first."""
    said = {
        name: value
        for name in ("classes", "contexts", "images", "rounds", "minutes", "money", "target", "effort")
        if (value := getattr(second, name)) not in (None, [])
    }
    if second.kind is not None and not second.kind_assumed:
        said |= {"kind": second.kind, "kind_assumed": False}
    merged = first.model_copy(update=said | {"notes": [*first.notes, *second.notes], "question": None})
    if merged.kind is None:
        merged.kind, merged.kind_assumed = "segment", True
    if not merged.classes:
        merged.question = ask_for_object(merged.language)
    elif merged.kind == "classify" and len(merged.classes) == 1:
        merged.question = ask_for_second_class(merged.classes[0].name, merged.language)
    return merged


# Plain text -----------------------------------------------------------------------------------------------------------


def _plain(request: str) -> tuple[str, list[str]]:
    """Lower case, single spaces, no emoji; names in quotes are set aside as they are."""
    text = unicodedata.normalize("NFKC", request)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    quotes: list[str] = []
    if _QUOTED.fullmatch(text.strip(" .!?")):
        text = text.strip(" .!?\"“”「」『』«»'")

    def put_aside(match: re.Match[str]) -> str:
        quotes.append(match[1] or match[2])
        return f" {chr(_QUOTE_BASE + len(quotes) - 1)} "

    text = _QUOTED.sub(put_aside, text)
    text = "".join(" " if unicodedata.category(c) in ("So", "Sk", "Mn") else c for c in text).lower()
    text = text.replace("’", "'").translate(_SIMPLIFIED)
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


def _rewrite(text: str) -> str:
    """Turn some turns of phrase into the plain ones that are read further on."""
    text = words.VIEWS.sub(" ", re.sub(words.TECHNOLOGY, " ", text))
    text = re.sub(r"[用使]?(?:yolo[a-z0-9-]*|深度学习|机器学习|神经网络|人工智能|python)(?:来|技术)?", " ", text)
    text = re.sub(rf"\b(an?|the|me|my) (?:{words.QUALITY})(?= (?:[\w-]+ ){{1,4}}(?:model|\w*segment|detect"
        rf"|classif|recogni|counter|sorter))",
                  r"\1", text)  # fmt: skip
    text = re.sub(r"\bcut(?:ting)? ((?:(?!\bout\b)[^\n,])+?) out\b", r"cut out \1", text)
    text = re.sub(r"\b(?:whether|if|is|are) ((?:this|these|the|an?|my|each|every) )?([\w-]+) (?:(?:is|are) )?"
                  r"([\w-]+) or ([\w-]+)\b", _whether, text)  # fmt: skip
    text = re.sub(r"\b(?:whether|if) (?:(?:this|these|the|an?|my|each|every) )?([\w-]+) (?:is"
        r"|are) ([\w-]+)(?= ?(?:$|\n|,))",
                  lambda m: f"whether {m[2]} {m[1]}" if m[2] in words.STATES else m[0], text)  # fmt: skip
    text = re.sub(r"\b([\w-]+) (?:that|which) (?:are|is) ([\w-]+)(?= *(?:$|\n|,|and\b|or\b|from\b))", r"\2 \1", text)
    text = re.sub(r"\b([\w-]+) (?:in)?to ([\w-]+(?: ?, [\w-]+)*(?: and| or| ,|/) ?[\w-]+)\b", _into, text)
    text = re.sub(
        r"([^\s,\n]{1,8}?)是([^\s,\n是的]{1,5})的?(?:还是|或者?|或是)([^\s,\n是的]{1,5})的?(?=[\s,\n吗呢]|$)",
        _whether_zh,
        text,
    )
    return text


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


def _spell(text: str, known: Known) -> str:
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


_PLACE_OF = _place_index()


def _alternatives(names: list[str]) -> str:
    return "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))


_PREPOSITION = "|".join(words.PREPOSITIONS)
_PLACE_EN = re.compile(
    rf"\b(?:(?:hanging|lying|growing|sitting|held|standing|moving|placed|seen|lined up|flying|taken|shot|(?:that"
    rf"|which) (?:are|is|hang|"
    rf"lie|grow|stand)) )?(?:{_PREPOSITION})(?: top of)? (?:(?:pictures|photos|images|front) of )?"
    rf"(?:(?!(?:{_PREPOSITION}|and|or|of|with)\b)[\w'-]+ ){{0,3}}?"
    rf"(?P<place>{_alternatives([n for n in _PLACE_OF if n.isascii()])})\b(?! (?:tennis|lamp|sign|mat|cloth"
    rf"|light|ball))"
    rf"(?: (?:images?|pictures?|photos?|belt|scenes?))*"
)
_PLACE_ZH = re.compile(
    rf"(?:(?:长|挂|放|摆|躺|停|飞|拿|握)?在)?(?P<place>{_alternatives([n for n in _PLACE_OF if not n.isascii()])})"
    r"(?:(?:的?(?:上面|里面|上方|下面|旁边|表面)|上|里|中|内|下|边)的?|(?<=[里中上底景])的?)"
    rf"|在(?P<bare>{_alternatives([n for n in _PLACE_OF if not n.isascii()])})(?:的|(?=[{_CJK}]))"
)


def _take_places(text: str, known: Known) -> tuple[list[str], str]:
    """Places that the request names with a preposition, in its order, and the text without them."""
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        groups = match.groupdict()
        place = groups.get("place") or groups.get("bare") or ""
        lead = match[0][: match[0].rfind(place)]
        if lead.startswith("from ") and re.search(r"\b(?:tell|tells|distinguish|separate|differentiate)\b", text):
            return match[0]
        if _PLACE_OF[place] not in found:
            found.append(_PLACE_OF[place])
        return " "

    for pattern in (_PLACE_EN, _PLACE_ZH):
        previous = ""
        while previous != text:  # "on a table in the kitchen"
            previous, text = text, _squeeze(pattern.sub(take, text))
    return found, text


# Marks ----------------------------------------------------------------------------------------------------------------

_MARK_PATTERNS = [
    (_Mark(kind, role), re.compile(f"(?P<no>{words.REFUSED}|{words.REFUSED_ZH})?(?:{pattern})(?:器(?![皿具材械官]))?"))
    for kind, role, pattern in words.MARKS
]


def _mark(text: str) -> tuple[str, list[_Mark], set[str]]:
    """Put a mark in the place of each word that says what to make; also the kinds that are refused ("no masks")."""
    spans: list[tuple[int, int, _Mark | None]] = []
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
        pieces.append(f" {_MARK} " if found else " \n ")
        if found:
            marks.append(found)
        at = end
    return _squeeze("".join(pieces) + text[at:]), marks, refused


# Classes --------------------------------------------------------------------------------------------------------------

_SPLIT = re.compile(
    r"\s*,\s*(?:and |or )?|\s+(?:apart from|and also|as well as|along with|and|or|vs\.?|versus|from|plus|than"
    r"|against)\s+|\s*[&/+]\s*"
    rf"|(?<=[{_CJK}]) (?=[{_CJK}])|(?<=[{_CJK}])(?:以及|还有|或者|还是|或|和|与|跟|及)(?=[{_CJK}\ue100-\ue1ff])"
    rf"|(?:以及|还有|或者|还是|和|与|跟)(?=\s*[\ue100-\ue1ff\w])"
)
_CUT = re.compile(
    rf"\s(?:{_PREPOSITION}|while|during|into|onto|using|per|as|for|instead|apart|please|like|such)\s(?!tell)|\sapart$"
)


class _Reader:
    """Finds the classes of a marked text."""

    def __init__(self, known: Known, quotes: list[str]) -> None:
        self._known = known
        self._quotes = quotes
        self.contexts: list[str] = []
        self.elsewhere: list[str] = []
        self.abstract: str | None = None

    def classes(self, text: str, marks: list[_Mark]) -> list[WantedClass]:
        """The classes, in the order of the request."""
        if not marks:
            return self._finish(self._without_marks(text))
        parts = text.split(_MARK)
        found: list[WantedClass] = []
        second: list[WantedClass] = []  # on the side where a mark's object is not expected
        for number, mark in enumerate(marks):
            behind = self._resolve(self._phrases(parts[number + 1].split("\n")[0], True))
            front = self._resolve(self._phrases(parts[number].split("\n")[-1], False))
            expected, other = (behind, front) if mark.role == "verb" else (front, behind)
            found += expected
            if not expected and (not second or any(c.drawn_as for c in other)):
                second += other
        if not found or any(c.drawn_as for c in second):
            found += second
        if not found:  # "I have a farm. Segment it. Apples!"
            found = [
                c for p in parts for s in p.split("\n") for c in self._resolve(self._phrases(s, True)) if c.drawn_as
            ]
        return self._finish(found)

    def _finish(self, found: list[WantedClass]) -> list[WantedClass]:
        """Each name once; "good apples" beside "rotten apples" are the apples that are not rotten."""
        for one in found:
            state, _, rest = one.name.partition(" ") if one.name.isascii() else (one.name[:1], "", one.name[1:])
            if one.drawn_as or state not in words.SOUND:
                continue
            whole = self._known(rest.removeprefix("的"))
            if whole and any(c.drawn_as == whole[0] and c.appearances for c in found):
                one.drawn_as = whole[0]
        seen: dict[str, WantedClass] = {}
        for one in found:
            seen.setdefault(one.name.casefold(), one)
        return list(seen.values())

    def _without_marks(self, text: str) -> list[WantedClass]:
        """No word says what to make: a list of things, or things known to the catalogue inside a sentence."""
        if words.NOT_VISION.search(text):
            self.abstract = text
            return []
        found = [self._resolve(self._phrases(s, False)) for s in text.split("\n")]
        sure = [c for classes in found if any(c.drawn_as for c in classes) for c in classes]
        if sure:  # an unknown thing beside a known one is kept: nothing that was asked for is dropped in silence
            return sure
        plain = [c for classes in found for c in classes]
        asks = words.BUILD_WORDS.search(text) or re.search(r"模型|做|建|训练|要", text)
        short = len(text.split()) <= 3 or all(len(p.split()) <= 3 for p in _SPLIT.split(text))
        return plain if asks or short else self._anywhere(text)

    def _anywhere(self, text: str) -> list[WantedClass]:
        tokens = re.findall(r"[\w'-]+", text)
        at, found = 0, []
        while at < len(tokens):
            for length in range(min(4, len(tokens) - at), 0, -1):
                phrase = " ".join(tokens[at : at + length])
                if phrase not in words.FILLERS and self._known(phrase):
                    found += self._resolve([phrase])
                    at += length - 1
                    break
            at += 1
        return found

    def _phrases(self, text: str, behind: bool) -> list[str]:
        """Noun phrases of a stretch of text next to a mark (`behind` it or in front of it)."""
        text = f" {text.strip()} "
        if behind:
            end = words.CLAUSE_END.search(text)
            # "Segment what my robot needs, so apples": a clause end at the very start says nothing.
            if end and text[: end.start()].strip(" ,"):
                text = text[: end.start()]
        pieces = _SPLIT.split(text.strip())
        whole = " ".join(text.split())
        if len(pieces) > 1 and self._known(whole) and not any(self._known(p) for p in pieces):
            return [whole]  # "salt and pepper shaker" is one thing
        phrases = []
        for piece in pieces:
            if not behind and words.SENTENCE_WORDS & set(piece.split()):
                built = list(words.BUILD_WORDS.finditer(piece))
                piece = piece[built[-1].end() :] if built else ""
            phrase = self._clean(piece)
            vague = re.search(r"\b(?:something|anything|stuff|things)\b", piece) and not self._known(phrase)
            if not phrase or phrase in words.VAGUE or re.search(r"什么都|随便|任何", phrase) or vague:
                continue
            if words.ABSTRACT.search(phrase) and not self._known(phrase):
                self.abstract = phrase
                continue
            phrases.append(phrase)
        return phrases

    def _clean(self, piece: str) -> str:
        """A phrase without articles, politeness and what follows a preposition."""
        piece = piece.strip(" ,.-–—…~*_|<>=^`'\n\t\\")
        if re.search(f"[{_CJK}]", piece):
            return self._clean_zh(piece)
        while True:
            tokens = piece.split()
            while tokens and tokens[0] in words.FILLERS and self._says_as_much(tokens[1:], tokens):
                tokens.pop(0)
            while tokens and tokens[-1] in words.FILLERS:
                tokens.pop()
            stripped = " ".join(tokens).strip(" ,.-'")
            if self._known(stripped):
                return stripped
            cut = _CUT.search(f"{stripped} ")
            shorter = stripped[: cut.start()] if cut else stripped
            if cut and shorter and cut[0].split()[0] in ("in", "on", "at", "under", "inside"):
                self.elsewhere.append(stripped[cut.start() :].strip())
            if shorter == piece:
                return piece
            piece = shorter

    def _says_as_much(self, shorter: list[str], longer: list[str]) -> bool:
        """Whether leaving words out loses nothing: "an apple" does not, "can" on its own would."""
        whole = self._known(" ".join(longer))
        return whole is None or self._known(" ".join(shorter)) == whole

    def _clean_zh(self, piece: str) -> str:
        while True:
            for pattern in (words.LEAD_ZH, words.TAIL_ZH):
                shorter = pattern.sub("", piece, count=1)
                if shorter != piece and self._says_as_much([shorter], [piece]):
                    piece = shorter
                    break
            else:
                break
        if " " in piece and not self._known(piece):  # "帮我做一个 apple" keeps the Latin word
            parts = [p for p in (self._clean(p) for p in piece.split()) if p]
            piece = next((p for p in parts if self._known(p)), " ".join(parts))
        return piece

    def _resolve(self, phrases: list[str]) -> list[WantedClass]:
        """Classes of phrases; a bare state ("ripe") takes its noun from its neighbour ("raw tomatoes")."""
        full = [self._complete(p, phrases) for p in phrases]
        return [c for p in full if p and (c := self._class(p)) is not None]

    def _complete(self, phrase: str, phrases: list[str]) -> str:
        bare = phrase.removesuffix(" ones").removesuffix(" one").removesuffix("的")
        if bare not in words.STATES or (self._known(bare) and len(phrases) == 1):
            return phrase
        for other in [*phrases[phrases.index(phrase) + 1 :], *reversed(phrases[: phrases.index(phrase)])]:
            head = self._head(other)
            if head and (bare not in ("orange",) or self._known(f"{bare} {head}")):
                return f"{bare}{head}" if re.search(f"[{_CJK}]", head) else f"{bare} {head}"
        return "" if bare in words.STATES and not self._known(bare) else phrase

    def _head(self, phrase: str) -> str:
        """The thing of a phrase without its states: "raw tomatoes" -> "tomatoes"; "" when it is only a state."""
        if re.search(f"[{_CJK}]", phrase):
            for length in range(len(phrase) - 1, 0, -1):
                state, rest = phrase[:length].removesuffix("的"), phrase[length:]
                if state in words.STATES:
                    return rest.removeprefix("的")
            return "" if phrase in words.STATES else phrase
        tokens = phrase.split()
        while tokens and tokens[0] in words.STATES and (len(tokens) > 1 or not self._known(tokens[0])):
            tokens.pop(0)
        return "" if tokens in (["ones"], ["one"]) else " ".join(tokens)

    def _class(self, phrase: str) -> WantedClass | None:
        if len(phrase) == 1 and 0 <= (number := ord(phrase) - _QUOTE_BASE) < len(self._quotes):
            try:
                name = clean_name(self._quotes[number])
            except ValueError:
                return None
            found = self._known(name)
            return WantedClass(name=name, drawn_as=found[0] if found else "", appearances=found[1] if found else [])
        if re.search("[\ue000-\uf8ff]", phrase):
            return next((c for p in re.findall("[\ue100-\ue1ff]", phrase) if (c := self._class(p))), None)
        found = self._known(phrase)
        if found is None:
            inner = self._place_and_thing(phrase)
            if inner is not None:
                return inner
            if len(phrase.split()) > _MAX_PLAIN_WORDS:
                inside = self._anywhere(phrase)
                return inside[0] if len(inside) == 1 else None
            if not re.search(r"[^\W\d_]", phrase):
                return None
        return WantedClass(
            name=clean_name(_label(phrase, self._known)),
            drawn_as=found[0] if found else "",
            appearances=found[1] if found else [],
        )

    def _place_and_thing(self, phrase: str) -> WantedClass | None:
        """The thing of "orchard apples", whose place is noted."""
        first, _, rest = phrase.partition(" ")
        if rest and first in _PLACE_OF and self._known(rest):
            self.contexts.append(_PLACE_OF[first])
            return self._class(rest)
        return None


_PLURALS = (
    (r"(?i)^(scissors|glasses|pliers|jeans|trousers|pants|binoculars|tweezers|headphones|series|species|bus|gas"
        r"|lens|cactus|"
     r"grass|glass|virus|asparagus|citrus|octopus|compass|dress|cross|chess|boss|moss|class|mattress)$", r"\1"),
    (r"(?i)\b(toma|pota|mang|her|ech|torped)(t?)oes$", r"\1\2o"),
    (r"(?i)\bpeople$", "person"), (r"(?i)men$", "man"), (r"(?i)\bchildren$", "child"), (r"(?i)\bmice$", "mouse"),
    (r"(?i)\bgeese$", "goose"), (r"(?i)\bteeth$", "tooth"), (r"(?i)\bfeet$", "foot"), (r"(?i)\bbacteria$", "bacterium"),
    (r"(?i)(kni|li|wi)ves$", r"\1fe"), (r"(?i)(lea|shel|loa|cal|hal|wol|thie)ves$", r"\1f"),
    (r"(?i)([^aeiou\W])ies$", r"\1y"), (r"(?i)(ss|x|z|ch|sh)es$", r"\1"), (r"(?i)(bus|virus|cactus|lens)es$", r"\1"),
    (r"(?i)([^su\W])s$", r"\1"),
)  # fmt: skip


def singular(phrase: str) -> str:
    """An English noun phrase with its noun in the singular."""
    of = re.search(r" (?:of|with|without) ", phrase)
    if of:
        return singular(phrase[: of.start()]) + phrase[of.start() :]
    head, _, last = phrase.rpartition(" ")
    for pattern, replacement in _PLURALS:
        if re.search(pattern, last):
            return f"{head} {re.sub(pattern, replacement, last)}".strip()
    return phrase


def _label(phrase: str, known: Known) -> str:
    """The class name: the person's own words in the singular, Chinese without the particle."""
    if re.search(f"[{_CJK}]", phrase):
        short = phrase.replace("的", "")
        return short if known(short) == known(phrase) else phrase
    one = singular(phrase)
    return one if known(one) == known(phrase) else phrase


# Kind and questions ---------------------------------------------------------------------------------------------------


def _decide_kind(result: Understanding, marks: list[_Mark], refused: set[str], text: str) -> None:
    named = {m.kind for m in marks if m.kind != "any"} - refused
    by_role = [m.kind for m in marks if m.role == "noun" and m.kind in named]
    boxes = re.search(r"\bbbox|\bbox(?:es)?\b|框", text) and "detect" in by_role
    if boxes and not re.search(r"\bmasks?\b|掩|轮廓", text):
        result.kind = "detect"
    else:
        result.kind = next((k for k in _KIND_ORDER if k in named), None)
    if result.kind is None:
        result.kind, result.kind_assumed = "segment", True


def _question(result: Understanding, marks: list[_Mark], marked: str, reader: _Reader) -> str | None:
    zh = result.language == "zh"
    either = re.search(rf"{_MARK}[^{_MARK}\n]{{0,12}}?(?:\bor\b|或者?|还是)[^{_MARK}\n]{{0,12}}{_MARK}", marked)
    if either and len({m.kind for m in marks} - {"any"}) > 1 and marks[0].kind != marks[-1].kind:
        return (
            "您要哪一种：分割（每个物体的轮廓）、检测（方框）还是分类（整张图一个类别）？"
            if zh
            else "Which do you want: segment (the outline of each thing), detect (a box around each thing) or "
            "classify "
            "(one answer for the whole picture)?"
        )
    if not result.classes:
        if reader.abstract:
            return (
                "我做的是识别照片中物体的模型，这个请求不是照片里能看到的东西。您想识别什么物体？例如：“分割果园里的苹果”。"
                if zh
                else "I make models that recognise things in pictures, and this is nothing a camera can see. "
                "Which thing should the "
                'model recognise? For example: "segment apples in an orchard".'
            )
        return ask_for_object(result.language)
    if result.kind == "classify" and len(result.classes) == 1:
        return ask_for_second_class(result.classes[0].name, result.language)
    return None


def ask_for_object(language: Language) -> str:
    """The question for a request that names no thing."""
    if language == "zh":
        return "您想识别什么物体？请说出名称，也可以说明地点，例如：“分割果园里的苹果”。"
    return (
        'Which thing should the model recognise? Name it, and the place if it matters, for example: "segment apples in '
        'an orchard".'
    )


def ask_for_second_class(name: str, language: Language) -> str:
    """The question for a classifier with one class."""
    if language == "zh":
        return f"分类至少需要两个类别：要把“{name}”和什么区分开？例如：“成熟的番茄和未成熟的番茄”。"
    return (
        f'To classify needs at least two classes: what should "{name}" be told from? For example: "ripe tomatoes and '
        'unripe tomatoes".'
    )
