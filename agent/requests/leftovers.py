"""What a request rules out ("I do not want pears"), and what of it nobody understood."""

import re
from collections.abc import Iterable

from agent.requests import words
from agent.requests.request_text import CJK, MARK, QUOTE_BASE, Known

_MAX_WORDS = 4  # of a thing that is ruled out: a longer phrase is a sentence
_THING = r"([^,\n]{1,80}?)(?= ?(?:,|\n|$)| (?:but|just|only|please|instead)\b)"
_WANTS = (
    r"(?:want|need|care (?:about|for)|like|look for|detect|find|count|segment|include|show|label|mark"
    r"|outline|recogni[sz]e)"
)
_NOT_WANTED = re.compile(
    rf"\b(?:(?:i|we|it|you) )?(?:(?:do|does|should|must|shall|will|can) ?(?:not|n't)|don't|dont|doesn't"
    rf"|shouldn't|mustn't|never)"
    rf"(?: have to| need to| want to)?(?: (?:to )?{_WANTS}){{1,2}}(?: (?:any|the|a|an))? {_THING}"
    rf"|\b(?:except(?:ing)?(?: for)?|excluding|ignor(?:e|es|ing)|leav(?:e|ing) out|skip(?:ping)?|other than"
    rf"|but not|but no|and no"
    rf"|(?<=, )not|(?<=, )no|(?<=\n )no|without (?:counting|detecting|finding|segmenting|labelling"
    rf"|including))(?: (?:any|the|a|an))? {_THING}"
)
_NOT_WANTED_ZH = re.compile(
    rf"(?:我们?)?(?:(?:不要|不想要?|不需要?)(?:检测|识别|分割|统计|包括|包含|数|找)?|别(?:检测|识别|分割|统计|包括|包含|数"
    rf"|找))([{CJK}\ue100-\ue1ff]{{1,12}})(?=[\s,]|$)"
    rf"|(?:除了|忽略|排除|不包括|不检测|不识别|不分割|不数)([{CJK}\ue100-\ue1ff]{{1,12}}?)(?:以外|之外|外)?(?=[\s,]|$)"
)
_NO_THING = re.compile(r"^(?:to|it|me|you|them|they|this|that|be|have|know|spend|wait|much|more|less|too|very)\b")
_EMPTY = words.FILLERS | words.SAYS_NOTHING | frozenset(words.PREPOSITIONS)
_EMPTY_ZH = re.compile(r"[的了吗呢吧啊我你您请要想是和与或在上中里个张只做能会可以帮把给都用就也很]+")


def take_ruled_out(text: str, quotes: list[str], known: Known) -> tuple[str, list[str]]:
    """The text without the things that it rules out, and those things.

    "no masks" and the like are about the kind of task and stay.

    Args:
        text: lower case, single spaces.
        quotes: names that stand in the text as private-use characters.
        known: key and appearances of a phrase that something can draw, or None.
    """
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        thing = next(g for g in match.groups() if g).strip()
        plain = re.sub(r"^(?:any|the|a|an|your|my) ", "", thing)
        kind = any(re.search(pattern, f" {thing}") for _, _, pattern in words.MARKS)
        sentence = _NO_THING.match(plain) or len(plain.split()) > _MAX_WORDS or not plain
        state = match[0].startswith(("no ", "not ")) and plain and plain.split()[0] in words.STATES
        chinese = re.search(f"[{CJK}]", thing)
        if ((kind or state or chinese) and not known(plain)) or sentence:
            return match[0]
        found.append(_shown(plain, quotes))
        return " , "

    for pattern in (_NOT_WANTED, _NOT_WANTED_ZH):
        text = pattern.sub(take, text)
    return re.sub(r"[ \t]+", " ", text).strip(" "), found


def not_understood(text: str, read: Iterable[str], quotes: list[str]) -> list[str]:
    """Parts of a marked text that neither became a class nor say nothing.

    Args:
        text: with marks in the place of the words that say what to make.
        read: phrases that became classes, or are told in another note.
        quotes: names that stand in the text as private-use characters.
    """
    phrases = sorted({p for p in read if p}, key=len, reverse=True)
    whole = [rf"(?<![\w-]){re.escape(p)}(?![\w-])" if p.isascii() else re.escape(p) for p in phrases]
    pieces = re.split("|".join([*whole, f"[{MARK},\n]"]), text)
    return list(dict.fromkeys(_shown(left, quotes) for piece in pieces if (left := _content(piece))))


def _content(piece: str) -> str:
    """A piece without what says nothing at its ends; empty when nothing is left."""
    tokens = piece.strip(" .-–—~*|<>=^`'\"/\\+&;").split()
    while tokens and _says_nothing(tokens[0]):
        tokens.pop(0)
    while tokens and _says_nothing(tokens[-1]):
        tokens.pop()
    return " ".join(tokens)


def _says_nothing(token: str) -> bool:
    token = token.strip(".-'/")
    if re.search(f"[{CJK}]", token):
        previous = ""
        while previous != token:
            previous, token = token, words.TAIL_ZH.sub("", words.LEAD_ZH.sub("", token))
        return not _EMPTY_ZH.sub("", token)
    return token in _EMPTY or (not re.search(r"[^\W_]", token) and not re.search("[\ue100-\ue1ff]", token))


def _shown(text: str, quotes: list[str]) -> str:
    """A text with its quoted names put back."""
    return re.sub(
        "[\ue100-\ue1ff]",
        lambda m: quotes[ord(m[0]) - QUOTE_BASE] if ord(m[0]) - QUOTE_BASE < len(quotes) else "",
        text,
    ).strip()
