"""The network that a request asks for: "with yolo11m", "a small model", "runs on a phone"."""

import re
from typing import NamedTuple

from agent.requests.questions import Language

_SMALLEST = "yolo11n"
_BUILT = ("11", "12", "26")  # families that are built here, each in the sizes n, s, m, l and x
_NAMED = re.compile(
    r"(?:(?<![a-z0-9])(?:with|using|use|on|by|based on|and) )?(?:an? |the )?(?:用|使用|基于)?(?<![a-z0-9])"
    r"yolo(?:[- ]?v?(?P<family>\d{1,2})(?:[- ]?(?P<size>[a-z]))?)?(?:-(?:seg|cls|obb|pose))?(?![a-z0-9])"
    r"(?: (?:model|network)(?= |$))?(?:来|技术|模型|网络)?"
)
_SMALL = re.compile(
    r"\b(?:small(?:est)?|tiny|light(?:-?weight)?|nano|compact|fast(?:est)?) (?=(?:model|network)\b)"
    r"|(?:最小|小型?|轻量级?)的?(?=模型|网络)"
)
_LARGE = re.compile(
    r"\b(?:large(?:st)?|big(?:gest)?|huge|heavy|medium(?:-sized)?) (?=(?:model|network)\b)"
    r"|(?:最大|大型?|中型)的?(?=模型|网络)"
)
_DEVICE = (
    r"(?:(?:a|an|the|my|our|your|any|old|cheap|android|mobile|small) ){0,3}(?:phones?|smartphones?|iphones?"
    r"|ipads?|android|mobiles?"
    r"|raspberry pi(?: \d)?|jetson(?: \w{1,8})?|microcontrollers?|esp32|edge devices?|tablets?|browsers?"
    r"|laptops?|cpu)\b"
)
_LEADS = r"(?:\b(?:and|it|that|which|so that|should|must|can|could|has to|needs to|will|be|to|able|also|later) )"
_RUNS_ON = re.compile(
    rf"(?:{_LEADS}{{0,6}}\b(?:run|runs|running|deploy|deployed|deployable)"  # people who work on laptops are seen there
    rf"|{_LEADS}{{1,6}}(?:works?|working|fits?|install|installed|used?))"
    rf"(?: (?:fast|well|smoothly|it|quickly))?(?: (?:on|in|to|onto)) {_DEVICE}"
    r"|\bfor (?:my |an? |the )?(?:raspberry pi|jetson \w{1,8}|android|ios)\b"
    r"|(?:并且?)?(?:要|需要|能够?|可以|得)?(?:在|部署到)(?:我的|普通)?(?:手机|树莓派|平板|浏览器|安卓|边缘设备"
    r"|笔记本)(?:电脑)?上?(?:面)?(?:能够?|可以)?(?:运行|跑|使用|部署)"
)


class NetworkWish(NamedTuple):
    """What was asked for; `model` is None where nothing was."""

    model: str | None
    notes: list[str]


def take_network(text: str, language: Language) -> tuple[NetworkWish, str]:
    """The network that a text asks for, and the text without the words that did.

    Args:
        text: lower case, single spaces.
        language: of the notes.
    """
    zh = language == "zh"
    model: str | None = None
    notes: list[str] = []
    for match in _NAMED.finditer(text):
        named = _named(match["family"], match["size"])
        model = named or model
        if named and match["family"] not in _BUILT:
            asked = f"yolov{match['family']}{match['size'] or ''}"
            notes.append(f"没有 {asked}，用 {named} 代替" if zh else f"{asked} is not built here: {named} in its place")
    text = _NAMED.sub(" ", text)
    if (device := _RUNS_ON.search(text)) is not None:
        model, text = model or _SMALLEST, f"{text[: device.start()]} {_RUNS_ON.sub(' ', text[device.start() :])}"
        notes.append(
            f"在设备上运行：训练 {model} 并导出为 ONNX；没有在那里测过速度" if zh else
            f"to run there: {model} is trained and exported as ONNX; how fast it is there is not measured"
        )  # fmt: skip
    if _SMALL.search(text):
        model, text = model or _SMALLEST, _SMALL.sub(" ", text)
    if _LARGE.search(text):
        text = _LARGE.sub(" ", text)
        if model is None:
            notes.append(
                "大模型：请写出名称，例如 yolo11s、yolo11m；否则训练 yolo11n" if zh else
                "a larger network: name it, such as yolo11s or yolo11m; else yolo11n is trained"
            )  # fmt: skip
    return NetworkWish(model, notes), re.sub(r"[ \t]+", " ", text).strip(" ")


def _named(family: str | None, size: str | None) -> str | None:
    """The network of a name; None for "yolo" and "yolo11", which any of them is."""
    size = size if size and size in "nsmlx" else None
    if family is None or (family == "11" and size is None):
        return None
    return f"yolo{family if family in _BUILT else '11'}{size or 'n'}"
