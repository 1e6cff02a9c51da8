"""Known names whose words mean something else elsewhere in a request: "measuring cup", "no entry sign", 三轮车."""

import re

from agent.requests.noun_phrases import singular
from agent.requests.request_text import CJK, QUOTE_BASE, Known

_MOST = 100  # names; there is a private-use character for each
_WORDS, _SIGNS = 5, 6  # of the longest name
# Read as a conjunction, a denial, an amount, a wish or an image, outside of a name.
_OTHERWISE = re.compile(r"\b(?:and|no|round|measur\w+|pictures?)\b")
_SIGNS_OTHERWISE = re.compile("监控|[轮租框跟]")


def set_aside(text: str, quotes: list[str], known: Known) -> str:
    """Put such names aside, as names in quotes are: nothing further on reads a word of them.

    Args:
        text: of `request_text.plain_text`.
        quotes: names set aside so far; grows.
        known: what can be drawn.

    Returns:
        The text with a private-use character in the place of each.
    """
    text = _words_aside(text, quotes, known) if _OTHERWISE.search(text) else text
    return _signs_aside(text, quotes, known) if _SIGNS_OTHERWISE.search(text) else text


def _words_aside(text: str, quotes: list[str], known: Known) -> str:
    tokens, done = text.split(" "), 0
    while done < len(tokens):
        for length in range(min(_WORDS, len(tokens) - done), 1, -1):
            name = singular(" ".join(tokens[done : done + length]))
            word, found = _OTHERWISE.search(name), known(name)
            # A look-up is lenient ("and pear" is a pear): the word has to be in the thing's own name.
            if word and found and word[0] in found[0] and len(quotes) < _MOST:
                tokens[done : done + length] = [_put(name, quotes)]
                break
        done += 1
    return " ".join(tokens)


def _signs_aside(text: str, quotes: list[str], known: Known) -> str:
    done = 0
    while done < len(text):
        for length in range(min(_SIGNS, len(text) - done), 1, -1):
            name = text[done : done + length]
            if _is_name(name, known) and len(quotes) < _MOST:
                put = f" {_put(name, quotes)} "
                text = text[:done] + put + text[done + length :]
                done += len(put) - 1
                break
        done += 1
    return text


def _is_name(text: str, known: Known) -> bool:
    """Whether it names a thing that it would not name without the sign that is read otherwise."""
    if not re.fullmatch(f"[{CJK}]+", text) or not _SIGNS_OTHERWISE.search(text):
        return False
    found, without = known(text), known(_SIGNS_OTHERWISE.sub("", text))
    return found is not None and (without is None or without[0] != found[0])


def _put(name: str, quotes: list[str]) -> str:
    quotes.append(name)
    return chr(QUOTE_BASE + len(quotes) - 1)
