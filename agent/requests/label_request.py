"""Requests about photos that are there already: "label my orchard photos in DIR", "find the cracked tiles in DIR".

Such a request names a place of files and something to do with them, and does not ask for a model.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from agent.requests.asides import URL, end_of_name
from agent.requests.request_text import Known
from agent.requests.understand import Understanding, understand
from tools.core.task import TaskKind

# A path: quoted, or with a slash, or with a drive; ending before what punctuates the sentence.
_PATH = re.compile(
    r"[\"'“”「」『』](?P<quoted>(?:[^\"'“”「」『』\n]*/[^\"'“”「」『』\n]*|~[^\"'“”「」『』\n]*))[\"'“”「」『』]"
    r"|(?<![\w/~.])(?P<bare>(?:~|\.{1,2})?/(?:[^\s,;，；。、\"'“”\\]|\\.)+|[\w.-]+(?:/[\w.-]*)+)"
)
_CJK = r"\u3400-\u9fff"
_LABEL = re.compile(
    r"(?i)\b(?:auto[- ]?)?(?:label|annotate|tag|mark(?: up)?)(?:s|ing|led|ed)?\b|标注|标记|打标签?|贴标签|标出|标一下"
)
_FIND = re.compile(
    r"(?i)\b(?:find|locate|spot|show|count|detect|segment|outline|cut out|pick out|box)\b|找出?|检测|分割|数一数|抠"
)
_BUILD = re.compile(
    r"(?i)\b(?:build|train|make|create|develop|model|recogni[sz]er|detector|segmenter|classifier|counter)\b"
    r"|训练|模型|做一?个|建一?个|[测割类别数]器"
)
_COUNT = r"(?:(?:all|some|about|around|these|those|my|our|the|\d[\d,]*|few|hundred|thousand|of|a|many)\s+)*"
# Words about the photos, not about what is on them: "my 300 orchard photos in", "here are".
_ABOUT_PHOTOS = re.compile(
    r"(?i)\b(?:here (?:are|is)|i have(?: got)?|these are|there are|in|on|from|of|inside|under|at|within|across)?\s*"
    rf"{_COUNT}(?:[\w-]+\s+)?(?:photos?|pictures?|images?|pics?|shots?|folder|directory)\b(?:\s+(?:in|from|at|under|of|inside))?"
)
_ABOUT_PHOTOS_ZH = re.compile(
    rf"(?:这里有|我有|这是|请?把|请?给|请?帮我|帮忙)?(?:[\d一二两三四五六七八九十百千]+多?)?[张幅]?(?:我的?)?[{_CJK}]{{0,3}}?"
    r"(?:照片|图片|图像|相片|文件夹|目录)(?:里面|里|中|上|内)?的?"
)
# Words for a format -> its name in `tools.label.export.FORMATS`; as kinds of labels, "masks" alone is none.
_FORMS = {
    "coco": "coco", "yolo": "yolo", "(?:pascal[- ]?)?voc": "voc", "cvat": "cvat", "labelme": "labelme",
    "label[- ]?studio": "label-studio", "hugging[- ]?face": "hugging-face",
    "mask (?:pngs?|images|files)|png masks?|掩码图": "masks",
}  # fmt: skip
_NAMED = "|".join(_FORMS)
_FORM = re.compile(
    rf"(?i)\b(?:as|in|to|for)\s+(?:an?\s+|the\s+)?({_NAMED})\b(?:\s+(?:format|files?|json|xml)\b)?"
    rf"|(?:[存导]?[成出为]|用)?\s*({_NAMED})\s*(?:的?格式)"
)


@dataclass(frozen=True)
class LabelRequest:
    """What is to be labelled."""

    photos: str
    said: Understanding  # classes and kind; `question` is set when no thing is named
    form: str = "coco"

    @property
    def kind(self) -> TaskKind:
        """Of labels; outlines where nothing else is said."""
        return self.said.kind or "segment"


def read_label_request(request: str, known: Known) -> LabelRequest | None:
    """The labelling that a request asks for; None when it asks for something else.

    Args:
        request: what the person wrote.
        known: key and appearances of a phrase that something can draw, or None.
    """
    place = _place(request)
    if place is None:
        return None
    path, rest = place
    if not (_LABEL.search(rest) or _FIND.search(rest)) or _BUILD.search(rest):
        return None
    said = understand(_things(rest), known)
    if not said.classes:
        said = said.model_copy(update={"language": "zh" if re.search(f"[{_CJK}]", request) else "en"})
    return LabelRequest(path, said, form_in(rest) or "coco")


def form_in(text: str) -> str | None:
    """The format of labels that a text names, if any."""
    found = _FORM.search(text)
    if found is None:
        return None
    return next(form for words, form in _FORMS.items() if re.fullmatch(f"(?i){words}", found[1] or found[2]))


def _place(request: str) -> tuple[str, str] | None:
    """The path that a request names, and the request without it."""
    request = URL.sub(" ", request)  # nothing is fetched from the web
    for match in _PATH.finditer(request):
        path, end = (match["quoted"] or match["bare"]).rstrip(".,;:!?，。；：！？"), match.end()
        if not match["quoted"] and path.startswith(("/", "~", "./", "../")):
            end = end_of_name(request, match.start(), match.end())
            path = request[match.start() : end].rstrip(".,;:!?，。；：！？").replace("\\ ", " ")
        if match["quoted"] or path.startswith(("/", "~", "./", "../")) or Path(path).expanduser().exists():
            return path, f"{request[: match.start()]} {request[end:]}"
    return None


def _things(text: str) -> str:
    """What is left when all that is about files is taken away: the things, and the word for the kind."""
    text = _FORM.sub(" ", text)
    kind = " ".join(m[0] for m in re.finditer(r"(?i)\b(?:box(?:es)?|masks?|outlines?)\b", text))
    text = re.sub(r"(?i)\b(?:with|by|using|draw)\s+(?:box(?:es)?|masks?|outlines?)\b", " ", text)
    if re.search(f"[{_CJK}]", text):
        text = _ABOUT_PHOTOS_ZH.sub(" ", text)
        text = re.sub(r"(?:请|帮我|帮忙|把|在|将|的话|一下|都|出来|所有|全部|里面|里|中)", " ", text)
    else:
        text = _ABOUT_PHOTOS.sub(" , ", text)
    text = _LABEL.sub(" , ", text)
    text = re.sub(r"(?i)\b(?:please|all|every|each|where|any|in|on|for|me|them|it)\b", " ", text)
    text = re.sub(r"\s*[,，、:：;。.][\s,，、:：;。.]*", ", ", text)
    text = re.sub(r"\s+", " ", text).strip(" ,")
    wanted = {"box": "detect", "boxes": "detect"}.get(kind.split()[0].lower() if kind else "", "")
    return f"{wanted} {text}".strip() if wanted and not _FIND.search(text) else text
