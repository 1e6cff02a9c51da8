"""The things that a request names: noun phrases next to the words that say what to make, as classes."""

import re

from pydantic import BaseModel, Field

from agent.requests import words
from agent.requests.request_text import CJK, MARK, PLACE_OF, PREPOSITION, QUOTE_BASE, Known, Mark
from tools.core.task import clean_name
from tools.data.class_names import singular_word

_MAX_PLAIN_WORDS = 4  # a longer phrase that no catalogue knows is a sentence, not a name


class WantedClass(BaseModel):
    """A class as the person named it, and what draws it when the catalogue knows."""

    name: str
    drawn_as: str = ""
    appearances: list[str] = Field(default_factory=list)


_SPLIT = re.compile(
    r"\s*,\s*(?:and |or )?|\s+(?:apart from|and also|as well as|along with|and|or|vs\.?|versus|from|plus|than"
    r"|against)\s+|\s*[&/+]\s*"
    rf"|(?<=[{CJK}]) (?=[{CJK}])|(?<=[{CJK}])(?:以及|还有|或者|还是|或|和|与|跟|及)(?=[{CJK}\ue100-\ue1ff])"
    rf"|(?:以及|还有|或者|还是|和|与|跟)(?=\s*[\ue100-\ue1ff\w])"
)
_CUT = re.compile(
    rf"\s(?:{PREPOSITION}|while|during|into|onto|using|per|as|for|instead|apart|please|like|such)\s(?!tell)|\sapart$"
)


_DETACHED = re.compile(r"\s*(?:的?(?:模型|系统|程序|网络|工具|软件)|models?|networks?|systems?)?\s*,")


class Reader:
    """Finds the classes of a marked text."""

    def __init__(self, known: Known, quotes: list[str]) -> None:
        self._known = known
        self._quotes = quotes
        self.contexts: list[str] = []
        self.elsewhere: list[str] = []
        self.abstract: str | None = None
        self.read: set[str] = set()  # phrases of the text that became classes
        self._resolved: list[tuple[WantedClass, str]] = []

    def classes(self, text: str, marks: list[Mark]) -> list[WantedClass]:
        """The classes, in the order of the request."""
        if not marks:
            return self._finish(self._without_marks(text))
        parts = text.split(MARK)
        found: list[WantedClass] = []
        second: list[WantedClass] = []  # on the side where a mark's object is not expected
        for number, mark in enumerate(marks):
            behind = self._resolve(self._phrases(parts[number + 1].split("\n")[0], True))
            front = self._resolve(self._phrases(parts[number].split("\n")[-1], False))
            # "an apple segment model, and nicely": what comes after a comma is no object where one stands in front.
            in_front = mark.role == "noun" or (front and _DETACHED.match(parts[number + 1]))
            expected, other = (front, behind) if in_front else (behind, front)
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
        self.read = {phrase for one, phrase in self._resolved if any(one is other for other in found)}
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
        if re.search(f"[{CJK}]", piece):
            return self._clean_zh(piece)
        while True:
            tokens = piece.split()
            while tokens and tokens[0] in words.FILLERS and self._says_as_much(tokens[1:], tokens):
                tokens.pop(0)
            while tokens and tokens[-1] in words.FILLERS and not self._known(" ".join(tokens)):
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
        found = []
        for phrase in phrases:
            full = self._complete(phrase, phrases)
            if full and (one := self._class(full)) is not None:
                if len(full.split()) <= _MAX_PLAIN_WORDS or self._known(full):  # else a part of it was, and is noted
                    self._resolved.append((one, phrase))
                found.append(one)
        return found

    def _complete(self, phrase: str, phrases: list[str]) -> str:
        bare = phrase.removesuffix(" ones").removesuffix(" one").removesuffix("的")
        if bare not in words.STATES or (self._known(bare) and len(phrases) == 1):
            return phrase
        for other in [*phrases[phrases.index(phrase) + 1 :], *reversed(phrases[: phrases.index(phrase)])]:
            head = self._head(other)
            if head and (bare not in ("orange",) or self._known(f"{bare} {head}")):
                return f"{bare}{head}" if re.search(f"[{CJK}]", head) else f"{bare} {head}"
        return "" if bare in words.STATES and not self._known(bare) else phrase

    def _head(self, phrase: str) -> str:
        """The thing of a phrase without its states: "raw tomatoes" -> "tomatoes"; "" when it is only a state."""
        if re.search(f"[{CJK}]", phrase):
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
        if len(phrase) == 1 and 0 <= (number := ord(phrase) - QUOTE_BASE) < len(self._quotes):
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
        if rest and first in PLACE_OF and self._known(rest):
            self.contexts.append(PLACE_OF[first])
            return self._class(rest)
        return None


def singular(phrase: str) -> str:
    """An English noun phrase with its noun in the singular; spectacles stay what they are."""
    of = re.search(r" (?:of|on|in|with|without) ", phrase)
    if of:
        return singular(phrase[: of.start()]) + phrase[of.start() :]
    head, _, last = phrase.rpartition(" ")
    if last.casefold() == "glasses" and not head:
        return phrase
    return f"{head} {singular_word(last)}".strip()


def _label(phrase: str, known: Known) -> str:
    """The class name: the person's own words in the singular, Chinese without the particle."""
    if re.search(f"[{CJK}]", phrase):
        short = phrase.replace("的", "")
        return short if known(short) == known(phrase) else phrase
    one = singular(phrase)
    return one if known(one) == known(phrase) else phrase
