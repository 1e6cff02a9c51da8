"""What stands in a request and is none of its words: addresses on the web, paths of files, pasted code."""

import re
from pathlib import Path
from typing import NamedTuple

from agent.requests.questions import Language

_MAX_WORDS_OF_A_NAME = 6  # a path with spaces: "/data/my photos of 2024"
_SHOWN, _MAX_NOTES = 80, 4
URL = re.compile(
    r"(?i)\b(?:https?|ftp|s3|gs|file)://[^\s,;，。；、\"'“”<>]{1,2000}|\bwww\.[^\s,;，。；、\"'“”<>]{3,2000}"
)
_PATH = re.compile(
    r"(?<![\w/~.:<\"'“「『])(?:(?:~|\.{1,2})?/(?:[^\s,;，；。、\"'“”\\]|\\.){1,400}|[A-Za-z]:\\[^\s,;，；。、\"'“”]{1,400})"
)
_QUOTED_PATH = re.compile(r"[\"'“”「」『』](?P<path>(?:/|~/|\.{1,2}/|[A-Za-z]:\\)[\w .\\/\-]{0,400})[\"'“”「」『』]")
_BEFORE, _BEHIND = (
    re.compile(r"(?:使用|用|从|把|在|基于)\s*$"),
    re.compile(r"^\s*(?:里面|里|中|下(?!载))?的?(?:下载)?(?:照片|图片)?(?:来|去)?"),
)
_FENCED = re.compile(r"```.{0,4000}?(?:```|\Z)", re.DOTALL)
_CODE = re.compile(
    r"(?m)^[ \t]*(?:from [\w.]{1,60} import |import [\w.]{1,60}(?:$|[;,]| as )|def \w{1,60}\("
    r"|class \w{1,60}(?:\([^)\n]{0,60}\))?:[ \t]*$|#include|print\("
    r"|(?:for|while|if|with) [^\n]{1,120}:[ \t]*(?:#|$)|[\w.\[\]]{1,60} ?[-+*/]?= ?(?:[\w.]{1,60}\("
    r"|[\[{\"'])|\w[\w.]{0,60}\([^\n]{0,200}\);?[ \t]*$|[{}][ \t]*$|</?\w{1,20}[^>\n]{0,200}>[ \t]*$)"
    r"[^\n]{0,400}"
)
_STATEMENT = re.compile(
    r"\bimport [\w.]{1,60}(?: as \w{1,40})? ?;|\b[\w.]{1,60} ?= ?[\w.]{1,60}\([^()\n]{0,120}\)[ \t]*;?"
    r"|\b\w[\w.]{0,60}\([^()\n]{0,120}\)[ \t]*;"
)  # fmt: skip


class PathInText(NamedTuple):
    """A path in a text and where it stands."""

    path: str
    start: int
    end: int


def take_asides(request: str, language: Language) -> tuple[str, list[str]]:
    """The request without what is none of its words, and a note on each kind of it.

    Args:
        request: as it was written.
        language: of the notes.
    """
    zh = language == "zh"
    notes: list[str] = []
    coded = request
    for pattern in (_FENCED, _STATEMENT, _CODE):
        coded = pattern.sub(" \n ", coded)
    if coded != request:
        notes.append("粘贴的代码没有被读取" if zh else "the pasted code was not read")
    request, urls = coded, [m[0] for m in URL.finditer(coded)]
    while (url := URL.search(request)) is not None:
        request = f"{_BEFORE.sub(' ', request[: url.start()])} {_BEHIND.sub(' ', request[url.end() :])}"
    notes += [
        f"不从网络下载（{u[:_SHOWN]}）：请先下载，再用 --real、--few 或 --unlabelled 给出文件夹" if zh else
        f"nothing is fetched from the web ({u[:_SHOWN]}): download it and give its folder by --real, --few "
        f"or --unlabelled"
        for u in urls[:2]
    ]  # fmt: skip
    while (place := find_path(request)) is not None:
        request = f"{_BEFORE.sub(' ', request[: place.start])} {_BEHIND.sub(' ', request[place.end :])}"
        notes.append(
            f"没有读取 {place.path[:_SHOWN]}：照片用 --real（评估）、--few（学习）或 --unlabelled 给出" if zh else
            f"{place.path[:_SHOWN]} was not read: photos are given by --real (measured on), --few (learnt "
            f"from) or --unlabelled"
        )  # fmt: skip
    return request, list(dict.fromkeys(notes))[:_MAX_NOTES]


def find_path(text: str) -> PathInText | None:
    """The first path in a text: quoted, or from its first sign to the last word that belongs to a name with spaces."""
    quoted, bare = _QUOTED_PATH.search(text), _PATH.search(text)
    if quoted is not None and (bare is None or quoted.start() < bare.start()):
        return PathInText(quoted["path"].strip(), quoted.start(), quoted.end())
    if bare is None:
        return None
    end = end_of_name(text, bare.start(), bare.end())
    path = text[bare.start() : end].rstrip(".,;:!?，。；：！？")
    return PathInText(re.sub(r"\\ ", " ", path), bare.start(), bare.start() + len(path))


def end_of_name(text: str, start: int, end: int) -> int:
    """Where a path ends that may have spaces: with the words that make it one that is there, or that goes on below."""
    best, at = end, end
    there = _is_there(text[start:end])
    for number in range(_MAX_WORDS_OF_A_NAME):
        word = re.compile(r" [^\s,;，；。、\"'“”]{1,100}").match(text, at)
        if word is None:
            break
        at = word.end()
        goes_on = number < 2 and not there and re.fullmatch(r" [\w.-]+/[\w./-]*", word[0]) and word[0] != " and/or"
        if goes_on or (not there and _is_there(text[start:at])):
            best = at
    return best


def _is_there(path: str) -> bool:
    try:
        return Path(path.rstrip(".,;:!?")).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long a name, no such home
        return False
