"""Amounts in a request, English and Chinese: images, rounds, minutes, money, a target score, an effort."""

import re
from dataclasses import dataclass, field

from tools.core.task import Effort


def _split(text: str) -> list[str]:
    return text.split()


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_UNITS = {w: n for n, w in enumerate(_split(_SMALL))} | {"a": 1, "an": 1, "couple": 2, "few": 3, "dozen": 12}
_TENS = {w: 10 * n for n, w in enumerate(_split("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000}
_WORD = "|".join(sorted([*_UNITS, *_TENS, *_SCALES, "half"], key=len, reverse=True))
# No repetition goes on for ever: a long text of such words would take time with the square of its length.
_EN = (
    r"(?:\d[\d,]{0,15}(?:\.\d{1,6})?\s?k?"
    rf"|(?:{_WORD})(?:(?:[ -]|\s+and\s+|\s+of\s+)(?:{_WORD})){{0,8}}(?:\s+of)?)"
)
_ZH = r"(?:\d{1,12}(?:\.\d{1,6})?\s*[百千万]?|[零〇一二两三四五六七八九十百千万]{1,12})"
_LIMIT = (
    r"(?:(?:with|using|use|from|on|for|in|within|under|at most|at least|no more than|not more than|less than"
    r"|max(?:imum)?|up to|"
    r"about|around|roughly|only|just|spend|take|make|generate|render|to|over|after|or)\s+){0,6}"
)
_LIMIT_ZH = r"(?:在|用|不超过|最多|至多|大约|大概|只用|只要|就|花|预算|限){0,4}\s*"

# Each pattern has one group `n`; the whole match is taken out of the text.
_EN_PATTERNS: dict[str, str] = {
    "images": rf"\b{_LIMIT}(?P<n>{_EN})[ -](?:(?:synthetic|training|rendered|generated|fake)\s+){{0,3}}"
    r"(?:images?|pictures?|photos?|pics?|samples?|renders?|imgs?)\b(?: (?:or less|at most|tops|max))?",
    "rounds": rf"\b{_LIMIT}(?P<n>{_EN})[ -](?:rounds?|iterations?|loops?)\b",
    "hours": rf"\b{_LIMIT}(?P<n>half an|{_EN})[ -]?(?:hours?|hrs?"
        rf"|h)\b(?P<half>\s+and\s+a\s+half)?(?:\s+(?:or less|at most|tops|max))?",
    "minutes": rf"\b{_LIMIT}(?:the next\s+)?(?P<n>{_EN})[ -]?(?:minutes?|mins?)\b(?:\s+(?:or less|at most|tops|max))?",
    "seconds": rf"\b{_LIMIT}(?P<n>{_EN})[ -]?(?:seconds?|secs?)\b",
    "money": rf"\b{_LIMIT}(?:budget(?: of)?\s+)?(?P<n>{_EN})\s?(?:us\s)?(?:dollars?|usd|bucks?)\b"
    rf"|(?:\b{_LIMIT})?(?:budget(?: of)?\s+)?\$\s?(?P<n2>\d{{1,12}}(?:\.\d{{1,4}})?)",
    "target": r"(?:\b(?:with|at least|reach(?:ing)?|to|over|above|about|around|an?|of|target(?: of)?|should be"
        r"|minimum|min|more than|and|"
    r"must be|is)\s+|[≥>]=?\s*){0,6}(?P<n>\d{1,3}(?:\.\d+)?)\s?(?:%|percent\b|per cent\b)"
    r"(?:\s+(?:accura(?:cy|te)|precision|recall|correct|right|map\w*|score)){0,4}"
    r"|\b(?:with|and|at|an?|to|reach(?:ing)?|target|of|least|\s){0,12}\b(?:map(?:50)?|f1|accuracy|score|precision"
    r"|recall)\s*"
    r"(?:of|above|over|at least|to|is|[≥>]=?|=){0,3}\s*(?P<n2>0?\.\d+|\d{2,3}\s?%)(?:\s+map\w{0,6}\b)?",
}  # fmt: skip
_ZH_PATTERNS: dict[str, str] = {
    "images": rf"{_LIMIT_ZH}(?P<n>{_ZH})多?\s*(?:张|幅)(?:合成|训练)?的?(?:图片|图像|照片|图)?",
    "rounds": rf"{_LIMIT_ZH}(?:跑|做|迭代)?(?P<n>{_ZH})\s*(?:轮|遍)(?:就行|就够了?)?",
    "hours": rf"{_LIMIT_ZH}(?P<n>半|{_ZH})\s*个?(?P<half>半)?(?:小时|钟头)(?:之内|以内|左右|内|里)?",
    "minutes": rf"{_LIMIT_ZH}(?P<n>{_ZH})\s*分钟(?:之内|以内|左右|内|里)?",
    "seconds": rf"{_LIMIT_ZH}(?P<n>{_ZH})\s*秒钟?(?:之内|以内|左右|内)?",
    "money": rf"{_LIMIT_ZH}(?P<n>{_ZH})\s*(?:美元|美金|刀)(?:以内|之内)?",
    "target": r"(?:准确率|正确率|精度|精确度|召回率|得分)?(?:要|需要|能|应该){0,3}(?:至少|达到|超过|不低于|大于|到"
        r"|为|在){0,3}\s*"
    rf"(?:百分之(?P<n>{_ZH})|(?P<n2>\d{{1,3}}(?:\.\d+)?)\s*%|(?P<tenth>[一二两三四五六七八九])成)"
    r"(?:以上|左右)?的?(?:准确率|正确率|精度|精确度|召回率)?",
}  # fmt: skip
_YUAN = (
    rf"{_LIMIT_ZH}{_ZH}\s*(?:块钱|人民币|元|块)|(?:\b{_LIMIT})?(?:[€£¥]\s?\d+(?:\.\d+)?"
    rf"|\d+(?:\.\d+)?\s?(?:euros?|pounds|rmb|yuan))"
)

_FREE = r"\bfor free\b|\bfree of charge\b|\bno (?:money|cost)\b|免费|不花钱"
_QUICK = (
    r"\bquick(?:ly)?(?: and dirty| & dirty)?\b|\basap\b|\bas (?:fast|quick(?:ly)?|soon) as (?:possible"
    r"|you can)\b|\bin a hurry\b|"
    r"\b(?:make|do|get|want|need) it fast\b|\b(?:rough|throwaway)\b|\bprototype\b|\bjust (?:a|to) (?:test|try|demo)\b|"
    r"\bfast(?= please|[\s.!]*$)|越快越好|快速|尽快|快一?点|赶紧|马上|随便|粗略|先?试试(?:看|就行)?"
)
_THOROUGH = (
    r"\b(?:do |make it |as )?(?:the )?best (?:you|it|that you|we) can\b|\bbest possible\b|\bas (?:good|accurate"
    r"|precise|well) as "
    r"(?:possible|you can|it gets)\b|\b(?:very )?thorough(?:ly)?\b|\b(?:high(?:est)?|top|best"
    r"|max(?:imum)?)[- ](?:quality|accuracy|"
    r"precision)\b|\bproduction[- ](?:ready|grade|quality)\b|\btake your time\b|\bno rush\b|\bperfect\b|\bovernight\b|"
    r"\b(?:really|very|super|extremely|the most|most) (?:good|accurate|precise)\b(?: possible)?"
    r"|\bstate[- ]of[- ]the[- ]art\b|"
    r"越(?:准|好|精确|精准)越好|(?:尽可能|尽量)(?:地|做)?(?:准确?|好|精确)一?点?|做到最好|效果最好|最好的"
    r"|最准(?:确)?的?|高质量|高精度|不着急|慢慢来"
)  # fmt: skip


@dataclass
class Amounts:
    """What a request allows and wants; None where it says nothing."""

    images: int | None = None
    rounds: int | None = None
    minutes: float | None = None
    money: float | None = None
    target: float | None = None
    effort: Effort | None = None
    notes: list[str] = field(default_factory=list)


def number(text: str) -> float:
    """The value of a number in digits or words: '1,200', '2k', 'two hundred', 'a dozen', '两百', '一百五十', '3千'."""
    text = text.strip().lower().removesuffix(" of")
    if re.search(r"[零〇一二两三四五六七八九十百千万]", text):
        return _chinese_number(text)
    digits = re.fullmatch(r"(\d[\d,]*(?:\.\d+)?)\s?(k?)%?", text.replace(" %", "%"))
    if digits:
        return float(digits[1].replace(",", "")) * (1000 if digits[2] else 1)
    if text.startswith("half"):
        return 0.5
    total, current = 0.0, 0.0
    for word in re.split(r"[\s-]+", text):
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0.0
        elif word == "dozen":
            current = max(current, 1) * 12
        elif word in ("couple", "few"):  # "a few" is not 1 + 3
            current = float(_UNITS[word])
        elif word in _UNITS or word in _TENS:
            current += _UNITS.get(word, _TENS.get(word, 0))
    return total + current


def _chinese_number(text: str) -> float:
    mixed = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([百千万])", text)
    scale = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
    if mixed:
        return float(mixed[1]) * scale[mixed[2]]
    total, section, digit, last = 0.0, 0.0, 0.0, 1
    for c in text:
        if c in scale:
            if c == "万":
                total, section, digit = (total + section + digit) * 10_000, 0.0, 0.0
            else:
                section, digit = section + max(digit, 1) * scale[c], 0.0
            last = scale[c]
        elif c not in "零〇":
            digit = "一二三四五六七八九".find("二" if c == "两" else c) + 1
    # 两百五 is 250: a last digit without a unit counts the next unit down.
    if digit and last >= 100 and text[-2] in scale:
        digit *= last / 10
    return total + section + digit


def take_amounts(text: str) -> tuple[Amounts, str]:
    """Read the amounts of a request.

    Args:
        text: lower case.

    Returns:
        The amounts, and the text without the words that named them (a comma in their place).
    """
    found = Amounts()
    text = re.sub(r"(\d)\s+(%|k\b)", r"\1\2", text)
    for patterns in (_ZH_PATTERNS, _EN_PATTERNS) if re.search(r"[\u4e00-\u9fff]", text) else (_EN_PATTERNS,):
        for kind, pattern in patterns.items():
            for match in re.finditer(pattern, text):
                _keep(found, kind, match)
            text = re.sub(pattern, " , ", text)
    if re.search(_YUAN, text):
        found.notes.append("money is counted in US dollars; the other currency was not used")
        text = re.sub(_YUAN, " , ", text)
    if re.search(_FREE, text):
        found.money, text = 0.0, re.sub(_FREE, " , ", text)
    for effort, pattern in (("thorough", _THOROUGH), ("quick", _QUICK)):
        if re.search(pattern, text):
            found.effort = found.effort or effort  # type: ignore[assignment]
            text = re.sub(pattern, " ", text)
    return found, text


def _keep(found: Amounts, kind: str, match: re.Match[str]) -> None:
    groups = match.groupdict()
    raw = groups.get("n") or groups.get("n2") or groups.get("tenth") or ""
    value = 0.5 if raw.startswith(("half", "半")) else number(raw) if not raw.startswith(".") else float(raw)
    if kind == "target":
        value = value / 10 if groups.get("tenth") else value / 100 if value > 1 else value
        if 0 < value <= 1:
            found.target = round(value, 4)
    elif value <= 0:
        return
    elif kind == "images":
        found.images = max(1, int(value))
    elif kind == "rounds":
        found.rounds = max(1, int(value))
    elif kind == "money":
        found.money = value
    else:
        half = 0.5 if groups.get("half") else 0.0
        minutes = {"hours": (value + half) * 60, "minutes": value, "seconds": value / 60}[kind]
        found.minutes = round((found.minutes or 0) + minutes, 2)
