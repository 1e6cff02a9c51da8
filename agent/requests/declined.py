"""What people ask for and Sightsmith does not do: named in the plan, each with the nearest thing that it can do.

Each entry takes its words out of the request, so that none of them becomes a class. What stands in their place is what
is nearest: "rotated boxes" become boxes, "read the plates" becomes "find the plates".
"""

import re
from typing import NamedTuple

from agent.requests.questions import Language


class Declined(NamedTuple):
    """One thing that is not done."""

    english: str  # patterns of lower-case text
    chinese: str
    instead: tuple[str, str] = ("", "")  # what stands in its place
    en: str = ""  # what is said of it
    zh: str = ""


_BOXES, _FIND = (" bounding boxes ", "方框"), (" find ", "找出")
_SIZE = r"(?:sizes?|lengths?|widths?|heights?|diameters?|areas?|volumes?|weights?|mass)"
_UNIT = (
    r"(?:mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?|inch(?:es)?|met(?:er|re)s|grams?|kg|kilos?|kilograms?|calories)"
)
_WRITING = r"(?:the |all |any )?(?:text|words|letters|digits|writing|serial numbers?|expiry dates?|dates)"
_WRITTEN_ON = (
    r"(?:the |all |any |my )?(?:(?:licen[cs]e|number|name) plates?|plates?|labels?|signs?|bar ?codes?|qr codes?"
    r"|met(?:er|re)s?|gauges?|dials?|receipts?|invoices?)"
)
_RATE = r"(?:fps|frames? (?:per|a|each) second|frames?/s(?:ec)?|hz|(?:images|pictures|photos) (?:per|a|each) second)"
_LEAST = (
    r"(?:(?:run|runs|running|work|works|working|it|must|should|has to|needs to|with|at|least|minimum|over|and|of) )"
)
_MADE_WITH = (
    r"tensorflow|keras|open ?cv|pytorch|detectron2?|mmdetection|mask[ -]?r-?cnn|faster[ -]?r-?cnn|r-?cnn|u-?net"
    r"|deeplab\w{0,8}|res-?net-?\d{0,3}|mobile-?net\w{0,8}|efficient-?net\w{0,8}|ssd|rt-?detr|detr|segment anything"
    r"|sam ?[123]|haar cascades?|svm"
)
_MEASURED = (
    "nothing is measured in millimetres or grams: outlines and boxes are in pixels",
    "不测量毫米或克：轮廓和方框以像素为单位",
)
_RATED = (
    "no frame rate is promised: it depends on the machine; the smallest network is trained by default",
    "不保证帧率：取决于运行的机器；默认训练最小的网络",
)
_READ = (
    "text is not read; the things it stands on (plates, labels, signs) can be found",
    "不支持读取文字；可以找出带文字的物体（车牌、标签、牌子）",
)

# Tried in this order.
DECLINED: tuple[Declined, ...] = (
    Declined(
        r"\b(?:rotated|oriented|rotating|tilted|angled) (?:bounding[ -])?box(?:es)?\b|\bobbs?\b",
        r"(?:带角度|旋转|倾斜|有向)的?(?:检测|边界|包围|矩形)?框", _BOXES,
        "rotated boxes are not made: boxes stand upright here, and outlines (segment) follow a tilted thing",
        "不支持旋转框：这里的框都是正的；“分割”的轮廓会跟随倾斜的物体",
    ),
    Declined(
        r"\b3d (?:bounding[ -])?box(?:es)?\b|\bcuboids?\b", r"(?:三维|立体|3d)(?:边界|包围)?框", _BOXES,
        "3D boxes are not made; flat boxes in the picture are the nearest", "不支持三维框；最接近的是图片里的平面框",
    ),
    Declined(
        r"\b(?:pose|posture|skeleton)s?(?:[ -](?:estimation|detection|tracking|recognition|estimator"
        r"|detector))?(?: (?:of|for))?\b"
        r"|\b(?:key[ -]?points?|landmarks?)(?: (?:of|on|for|detection|detector|estimation)){0,2}\b",
        r"姿态(?:估计|检测|识别)?|骨架|关键点(?:检测)?", _FIND,
        "keypoints and poses are not found; the outline or the box of the whole thing is the nearest",
        "不支持关键点和姿态；最接近的是整个物体的轮廓或方框",
    ),
    Declined(
        r"\btrack(?:s|ed|ing|er|ers)?\b(?! (?:and field|marks?|shoes?|lights?))(?: of)?|\bre-?identif(?:y|ication)\b"
        r"|\bfollow(?:s|ing)? (?=(?:the|each|every|all|my)\b)",
        r"跟踪|追踪", _FIND,
        "a model finds things in single pictures; `sightsmith predict RUN VIDEO` then follows and counts them in a "
        "video",
        "模型识别单张图片；之后用 `sightsmith predict RUN VIDEO` 在视频里跟踪和计数",
    ),
    Declined(
        rf"\b(?:read|reads|reading|recogni[sz]e|transcribe|extract|detect|find) {_WRITING}(?: (?:on|of|from|in)\b)?"
        rf"|\bread(?:s|ing)? (?={_WRITTEN_ON}\b)|\b(?:ocr|text recognition)\b(?: (?:for|of|on))?"
        r"|\bwhat is written (?=on\b)",
        r"文字识别|读取?(?=.{0,8}(?:文字|数字|车牌|标签|字))|(?:识别|提取|检测)(?=.{0,8}上的?(?:文字|数字|字母))",
        _FIND, *_READ,
    ),
    Declined(r"(?!)", r"上的?(?:文字|数字|字母)", ("", " "), *_READ),
    Declined(
        rf"\bmeasur(?:e|es|ing|ements?)\b(?: of)?(?: (?:the )?{_SIZE})?(?: of)?"
        rf"|\b(?:estimate|weigh|compute|calculate)s? the {_SIZE}(?: of)?\b|\b(?:estimate|compute"
        rf"|calculate) {_SIZE} of\b",
        r"测量?出?(?=.{0,12}(?:尺寸|长度|宽度|高度|直径|大小|重量|面积))|测量", _FIND, *_MEASURED,
    ),
    Declined(
        rf"\b(?:(?:their|the|its) )?(?:{_SIZE} )?in {_UNIT}\b",
        r"的?(?:尺寸|长度|宽度|高度|直径|重量|面积)(?:是?多少)?|(?:按|以|用)?(?:毫米|厘米|公分)",
        (" ", " "), *_MEASURED,
    ),
    Declined(
        r"\bhow far(?: away)?(?: (?:is|are))?\b|\b(?:estimate |get |tell )?(?:the )?(?:depth"
        r"|distance)s? (?:to|of|from|for|between)\b"
        r"|\bdepth(?: maps?| estimation)(?: of)?\b|\b(?:lidar|point clouds?)\b",
        r"深度估计|深度图|距离有?多远|的距离|点云", _FIND,
        "depth and distance are not estimated; where a thing is in the picture is",
        "不估计深度和距离；只给出物体在图片中的位置",
    ),
    Declined(
        r"\b(?:estimate |measure |get )?(?:the )?(?:speeds?|velocity) of\b|\bhow fast (?:is|are)\b",
        r"测速|的?(?:车速|速度)",
        _FIND, "speed is not measured: each picture is looked at on its own", "不测速度：每张图片单独识别",
    ),
    Declined(
        r"\b(?:face|facial) (?:recognition|identification|id)\b|\b(?:recogni[sz]e|identify) (?:my |our "
        r"|known |people's )?faces\b",
        r"人脸识别", (" find faces ", "找出人脸"),
        "one person is not told from another; faces as such can be found", "不区分是谁；可以找出人脸",
    ),
    Declined(rf"\b{_LEAST}{{0,6}}\d{{1,5}}(?:\.\d{{1,3}})? ?{_RATE}(?= on (?:a|an|my|the"
    rf"|our)\b)", r"(?!)", (" , run", ""), *_RATED),
    Declined(
        rf"\b{_LEAST}{{0,6}}\d{{1,5}}(?:\.\d{{1,3}})? ?{_RATE}|\b(?:in )?real[- ]?time\b"
        rf"|\b(?:high )?frame rates?\b|\blow latency\b",
        r"(?:至少|不低于|达到|能跑到?)?\s*\d{1,5}\s*(?:帧|fps)(?:每秒|/秒|一秒|以上)?|每秒(?:至少|不低于)?\s*\d{1,5}\s*(?:帧|张)(?:以上)?"
        r"|实时地?|帧率",
        (" , ", " , "), *_RATED,
    ),
    Declined(
        r"\b(?:(?:in|on|from|of|for|over|with) )?(?:(?:a|an|the|my|our|live"
        r"|these) ){0,2}(?:video(?: (?:streams?|feeds?|files?|clips?|footage)|s)?"
        r"|live ?streams?|rtsp(?: streams?)?|cctv(?: (?:footage|feeds?))?(?! cameras?\b)"
        r"|(?:camera|web-?cam|cctv camera) (?:streams?|feeds?|footage))\b(?! ?(?:game|card|tape)s?\b)"
        # A webcam is a thing, too: it is a stream where something is done with it.
        r"|\b(?:from|with|on|over|using|via|through|by|in) (?:(?:a|an|the|my|our|live|these) ){0,2}"
        r"(?:web-?cams?|cctv cameras?)\b",
        r"(?:在|从)?(?:视频|直播|监控)(?:流|画面)?(?:里|中|上)?的?", (" ", " "),
        "live streams are not read; a video file is, once there is a model: `sightsmith predict RUN VIDEO` follows and "
        "counts",
        "不读取直播流；有了模型后可以读取视频文件：`sightsmith predict RUN VIDEO` 跟踪并计数",
    ),
    Declined(
        rf"\b(?:(?:with|using|in|via|by|on|based on|through|and) )?(?:an? "
        rf"|the )?(?:{_MADE_WITH})(?: (?:model|network|backbone|library))?\b(?! cards?\b)",
        r"(?!)", (" ", " "), "the tools are settled: a YOLO network, trained with PyTorch and exported as ONNX",
        "所用工具是固定的：用 PyTorch 训练 YOLO 网络，导出为 ONNX",
    ),
    Declined(
        r"\b(?:(?:as|in|into|build|make|want|need|create|for) )(?:me )?(?:an? |my )?(?:mobile |android |ios "
        r"|iphone |web |phone )"
        r"(?:app|application|site)(?: (?:that|to|which|for))?\b",
        r"(?:手机|安卓|网页)(?:app|应用)|小程序", (" ", " "),
        "no app is built: the finished model can be exported for phones (ncnn, TFLite, Core ML) and served over HTTP",
        "不制作应用：训练好的模型可以导出给手机用（ncnn、TFLite、Core ML），也可以通过 HTTP 提供服务",
    ),
)  # fmt: skip
_COMPILED = [(re.compile(d.english), re.compile(d.chinese), d) for d in DECLINED]


def take_declined(text: str, language: Language) -> tuple[str, list[str]]:
    """The text without what is not done, and a note on each such thing.

    Args:
        text: lower case, single spaces.
        language: of the notes.
    """
    notes: list[str] = []
    for english, chinese, declined in _COMPILED:
        text, here = english.subn(declined.instead[0], text)
        text, there = chinese.subn(declined.instead[1], text)
        if here or there:
            notes.append(declined.zh if language == "zh" else declined.en)
    return re.sub(r"[ \t]+", " ", text).strip(" "), list(dict.fromkeys(notes))
