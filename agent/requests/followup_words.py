"""What a word about a finished or running run means, English and Chinese; plain rules, no model.

A word that none of the rules knows is not guessed at: it is `unclear`, and the person is told what can be asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.requests.amounts import number, take_amounts
from agent.requests.asides import find_path
from agent.requests.declined import take_declined
from agent.requests.followup_aims import mentioned_classes, read_aims
from agent.requests.questions import Language
from agent.requests.request_text import CJK, Known
from agent.requests.understand import Understanding, understand
from tools.core.task import TaskKind
from tools.data.images import IMAGE_SUFFIXES

MAX_CHARS = 2000


@dataclass(frozen=True)
class Word:
    """A word, understood."""

    kind: str  # of agent.followup.WordKind
    language: Language
    said: str
    focus: list[str] = field(default_factory=list)  # aims of the next round
    unknown: list[str] = field(default_factory=list)  # looks that nothing draws
    classes: list[str] = field(default_factory=list)  # to find too
    dropped: list[str] = field(default_factory=list)  # to find no more
    task: TaskKind | None = None
    number: int | None = None  # rounds, or images, or photos of a question
    path: str | None = None
    device: str = ""  # of a question how to use it
    notes: list[str] = field(default_factory=list)  # what is not done here, with what is nearest


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# Between a number and what it counts; "a few" is no number.
_MORE_WORDS = re.compile(r"(?i)\b(?:more|extra|additional|another|further|a few|a couple of|some)\b|再|多|额外")
_HOW_ABOUT = re.compile(r"^\W*(?:and |but )?(?:how|what) about\b")  # a wish, put as a question
_FORGET = _any(r"\bforget\b(?! to\b)|\bundo\b|never ?mind|\btake (?:that|it) back\b|\bcancel (?:that|it)\b|"
               r"\bscratch that\b",
               r"忘了|忘掉|忘记|撤销|撤回|当我没说|算了|取消刚才")  # fmt: skip
_STOP = _any(r"^\W*(?:please )?stop\b|\bstop (?:after|when|at|now|it|this|the|training)\b|\bthat'?s enough\b|"
             r"^\W*enough\b",
             r"停|到此为止|够了就")  # fmt: skip
_LABEL = _any(r"\b(?:auto[- ]?)?(?:label|annotate|tag)(?:s|ing|led|ed)?\b", r"标注|打标签?|标记|标一下")
_TRY = _any(r"\b(?:try|test|run|use|apply|predict|see what it (?:finds|sees))\b.{0,24}\b(?:this|these|my|the|a|on|"
            r"it)\b", r"\bpredict\b",
            r"试试|试一下|试一试|测试一下|预测|看看这张|识别一下")  # fmt: skip
_ASKS = re.compile(
    r"^\W*(?:(?:and|but|so|ok|hm+|well)\W+)*(?:why|how|what|what's|where|which|who|when|is|are|does|do|did|can|"
    r"could|will|would)\b|[?？]"
    r"|为什么|为何|怎么|如何|什么|多久|多少|多快|哪|吗|呢\s*[?？]?$|几张"
)
_WHY = _any(
    r"\bwhy\b",
    r"what'?s wrong|what is wrong|how come|what went wrong",
    r"为什么|为何|原因|怎么(?:这么|那么|会)?.{0,4}(?:低|差|不准|不好)",
)
_CONFUSES = _any(r"confus|mix(?:es|ed)? .{0,20}up|mix(?:es|ed)? up|mistak|\btaken? (?:.{1,40} )?for\b|"
                 r"\btakes .{1,40} for\b|tell .{1,40}apart",
                 r"混淆|认错|弄混|搞混|当成|误认|分不清|认成|看成")  # fmt: skip
_WEAK = _any(
    r"\bweak|where .{0,24}(?:fail|struggl|bad|worse|worst)|what .{0,16}(?:struggl|fail|miss)|worst",
    r"弱|哪.{0,8}(?:差|不好|不行|漏)|漏.{0,4}(?:什么|哪)",
)
_USE = _any(r"\bhow (?:do|can|could|should|would|to) ?(?:i|we|you)?\b.{0,30}\b(?:use|run|deploy|call|load|"
            r"integrat\w*|install|put|embed|get it|open|serve)\b",
            r"\b(?:use|run|deploy|work|works|put) (?:it|this|that|the model)?\s*(?:in|on|with|from|over)\b",
            r"\b(?:does|will|can) (?:it|this|that) (?:run|work) on\b", r"^\W*(?:and )?(?:in|on|over|with|"
                                                                       r"from) (?:python|a |an |my |the )?",
            r"怎么(?:用|使用|部署|调用|运行|装)|如何(?:使用|用|部署|调用|运行)|(?:上|里|中)(?:怎么|如何|能)?(?:用|"
            r"跑|运行|部署)")  # fmt: skip
_DEVICES = (
    ("python", r"python|script|notebook|代码|脚本"), ("pi", r"raspberry|\bpi\b|jetson|树莓派|嵌入式"),
    ("phone", r"phone|android|ios|iphone|ipad|mobile|tablet|手机|安卓|苹果手机|平板"),
    ("http", r"\bhttp|\bapi\b|server|service|\brest\b|\bcurl\b|web|服务|接口|网页"),
    ("shell", r"command line|terminal|shell|\bcli\b|命令行|终端"),
)  # fmt: skip
_EXPORT = _any(r"\bexport|\bconvert\b|\bonnx\b|tflite|core ?ml|openvino|tensorrt|ncnn|litert", r"导出|转换成|转成|转为")
_LONG = _any(
    r"\bhow (?:long|fast|quick)|\bfps\b|frames? per second|per second|\blatency\b|\bspeed\b", r"多久|多长时间|多快|速度"
)
_TOOK = _any(r"\bdid\b|\btook\b|\btaken\b|\bhas it\b", r"花了|用了|跑了")
_COST = _any(r"\bcost|\bspen[dt]|\bpa(?:y|id)\b|\bprice|\bmoney|\bexpens|\bfree\b", r"多少钱|费用|花费|价格|花钱|花了")
_MANY = _any(
    r"\bhow (?:many|much)\b.{0,30}\b(?:pictures?|images?|photos?|pics?|samples?|data|renders?|labels?|objects?)\b",
    r"多少.{0,3}(?:张|图|照片|数据|样本)|几张",
)
_FILES = _any(r"\bwhere\b.{0,30}\b(?:files?|model|weights?|results?|report|pictures?|images?|folder|data|it|"
              r"export\w*|saved?|download)\b",
              r"which (?:files?|folder)|download", r"(?:文件|模型|权重|报告|结果|图片|数据).{0,6}(?:在哪|哪里|放哪)|"
                                                   r"在哪(?:里|儿)?|下载|路径")  # fmt: skip
_GOOD = _any(r"\bhow (?:good|accurate|well|reliable|precise|sure)\b|\baccura|\bscores?\b|\bmap\b|\bprecision\b|"
             r"\brecall\b|\bresults?\b|\bis it (?:any )?good|can i trust",
             r"准确|多准|准不准|准吗|效果|分数|得分|好不好|好用吗|可靠")  # fmt: skip
_STATUS = _any(r"\bhow far\b(?! away| (?:is|are) (?!it|you))|\bprogress\b|\bstatus\b|\bwhat are you doing\b|"
              r"still (?:running|working)|\b(?:is it |"
               r"are you )?(?:done|finished|ready)\b(?: yet)?",
               r"进度|到哪(?:一步)?了|完成了吗|好了吗|在做什么|跑完了")  # fmt: skip
_ABOUT = _any(r"what (?:is|was|does) (?:this|it|that)\b|which (?:classes|things)|what (?:classes|things)|"
              r"what can it|what did you (?:make|build|do)|"
              r"what (?:can|does) (?:it|the model) (?:find|recogni|detect|see)", r"(?:能|可以)?识别(?:什么|哪些)|"
                                                                                 r"什么模型|哪些类别|这是什么|"
                                                                                 r"做了什么")  # fmt: skip
_HELP = _any(r"^\W*(?:help|hi|hello|hey|\?+|commands?|options?)\W*$|what can (?:i|you|we) (?:ask|say|do)|"
             r"what else can|what now|what next",
             r"^\W*(?:帮助|你好|您好|帮忙)\W*$|能(?:问|做|说)(?:什么|些什么)|可以(?:问|做|说)(?:什么|哪些)|接下来|"
             r"下一步")  # fmt: skip
_ROUND = _any(r"\brounds?\b|^\W*(?:ok(?:ay)?,? )?(?:go on|keep going|continue|carry on|again|once more|"
              r"more)\W*(?:please)?\W*$|train (?:it )?(?:more|longer|again|further)|"
              r"keep (?:training|going)|improve (?:it|this|the model)?\s*$|make it better\W*$|^\W*better\W*$",
              r"轮|继续|再训练|再练|接着(?:训练|做)|改进一下|让它更好|再好一点|提高一下|更准")  # fmt: skip
_IMAGES = _any(r"\bmore (?:training )?(?:pictures?|images?|photos?|data|samples?|renders?|examples?)\b|"
                 r"\d+ (?:more|extra|further)\b|\b(?:add|make|another) \d+ (?:pictures?|images?)",
                 r"(?:更多|再加|再生成|再做|多做|多生成|增加|多来).{0,8}"
                 r"(?:图|照片|数据|样本|张)|再.{0,4}[\d一二两三四五六七八九十百千万]\s*张")  # fmt: skip
_KIND: tuple[tuple[TaskKind, re.Pattern[str]], ...] = (
    ("detect", _any(r"\bbox(?:es)?\b.{0,24}\b(?:enough|fine|ok(?:ay)?|suffice|will do|instead|only|do)\b|\b(?:only|"
                    r"just)\b.{0,12}\bbox(?:es)?\b|"
                    r"\bno (?:masks?|outlines?)\b|(?:don't|do not) need (?:the )?(?:masks?|outlines?)|"
                    r"\bdetect(?:ion|or)? (?:instead|only|is enough)",
                    r"框(?:就|也)?(?:够|行|可以|好)|只(?:要|需要?).{0,3}框|不(?:用|要|需要).{0,3}(?:轮廓|掩码|分割)|"
                    r"改成检测|换成检测")),
    ("segment", _any(r"\b(?:masks?|outlines?|contours?|segment\w*)\b.{0,16}\b(?:instead|please|too|needed)\b|"
                     r"\b(?:i )?(?:need|want) (?:the )?(?:masks?|outlines?)\b",
                     r"(?:要|需要|改成|换成).{0,3}(?:轮廓|掩码|分割)")),
)  # fmt: skip
_SMALLER = _any(r"\bsmall(?:er)?\b.{0,8}\bfast(?:er)?\b|\bfaster\b|\bsmaller (?:model|network|file|one)\b|"
                r"^\W*(?:make it )?(?:smaller|lighter)\W*$|\blighter\b|\bspeed (?:it|this) up\b|"
                r"\btoo (?:slow|heavy)\b|\b(?:model|it|file) is too (?:big|large)\b|\bmake it (?:small|fast|light)",
                    r"更小|更快|小一点|快一点|轻量|太慢|太大|变小|加速")  # fmt: skip
_ADD = _any(r"\b(?:also|too|as well|in addition|additionally|plus)\b|\badd\b(?! \d)|\band (?:find|detect|"
            r"recogni[sz]e|segment|count)\b|\binclude\b",
            r"还要|也要|再加|加上|还有|另外|同时|也(?:找|识别|检测|分割|数)|还(?:能|想)?(?:找|识别|检测)")  # fmt: skip
_ADD_WORDS = _any(r"\b(?:now|please|also|too|as well(?: as)?|in addition|additionally|plus|add|include|it should|"
                  r"can it|could it|make it|i want it to|the class|classes|class|should)\b|^\W*and\b",
                  r"请|现在|能不能|可不可以|可以|是否|还要|也要|再加上?|加上|还有|另外|同时|也|还|想|能|"
                  r"让它|帮我|类别|找出?|识别|检测")  # fmt: skip
_DROP = _any(
    r"\b(?:drop|remove|leave out|without|no longer|stop (?:finding|looking for)|skip|ignore)\b",
    r"去掉|不要再?找|删掉|移除|不用找|别找",
)
_AIM = _any(r"\bmiss(?:es|ed|ing)?\b|\bnot (?:find|see|found|recogni\w*|detect\w*)\b|\b(?:doesn't|does not|didn't|"
            r"can't|cannot|won't|never) (?:find|see|recogni\w*|detect|get|spot)\b|\bfails?\b|"
            r"\boverlook|\bbad (?:at|in|with|on)\b|\bstruggl|\btrouble\b|\bworse\b|\bbetter (?:at|in|with|on)\b|"
            r"\bimprove\b|\bmore\b|\bfalse (?:alarm|positive)|\bwhere (?:there|nothing)|\bfocus\b|\baim\b|"
            r"\b(?:wrong|poor(?:ly)?|badly)\b|\bproblem",
            r"漏|找不到|没找|没有找|认不出|识别不|检测不|不好|误报|误检|多(?:一)?[点些]|更多|加强|针对|重点|差|"
            r"看不(?:到|见|清)|分不清|认错|搞错|弄混|混淆|当成|认成|改进")  # fmt: skip


def read_word(said: str, classes: Sequence[str], known: Known) -> Word:
    """Understand a word about a run.

    Args:
        said: what the person wrote.
        classes: of the run.
        known: key and appearances of a phrase that something can draw, or None.
    """
    said = said.strip()[:MAX_CHARS]
    language: Language = "zh" if re.search(f"[{CJK}]", said) else "en"
    place = find_path(said)
    text = re.sub(r"\s+", " ", (said[: place.start] + " " + said[place.end :] if place else said)).lower().strip()
    text = text.replace("’", "'")
    asks = bool(_ASKS.search(text)) and not _HOW_ABOUT.search(text)
    notes = take_declined(text, language)[1]

    base = Word("unclear", language, said, path=place.path if place else None, notes=notes)
    if place is not None or re.search(
        r"\b(?:this|these) (?:photos?|pictures?|images?)\b|这(?:张|些|几张)(?:照片|图)", text
    ):
        if _LABEL.search(text):
            return replace(base, kind="label")
        if _TRY.search(text) or (place and place.path.lower().endswith(tuple(IMAGE_SUFFIXES))):
            return replace(base, kind="try")
    if _FORGET.search(text):
        return replace(base, kind="forget")
    if _STOP.search(text) and not asks:
        return replace(base, kind="stop")
    question = _question(text, asks, notes)
    if question is not None:
        return replace(base, kind=question, number=_number(text), device=_device(text))
    return _wish(text, asks, classes, known, base)


def _question(text: str, asks: bool, notes: list[str]) -> str | None:
    """Which question it is, if any."""
    if _HELP.search(text):
        return "help"
    if _USE.search(text) and (asks or _device(text)) and not _EXPORT.search(text):
        return "use"
    if not asks:
        short = len(text) <= 24 and not _AIM.search(text)
        for kind, pattern in (("status", _STATUS), ("files", _FILES), ("cost", _COST), ("score", _GOOD), ("why", _WHY)):
            if short and pattern.search(text):
                return kind
        return None
    rules = (
        ("confusions", _CONFUSES), ("why", _WHY), ("pictures", _MANY), ("weak", _WEAK), ("files", _FILES),
        ("cost", _COST), ("status", _STATUS),
    )  # fmt: skip
    for kind, pattern in rules:
        if pattern.search(text) and not (kind == "why" and notes and not re.search("score|low|bad|低|差", text)):
            return kind
    if _LONG.search(text):
        return "cost" if _TOOK.search(text) and not re.search(r"\d", text) else "speed"
    if notes:  # "can it read the plates?"
        return "cannot"
    for kind, pattern in (("score", _GOOD), ("about", _ABOUT)):
        if pattern.search(text):
            return kind
    return None


def _wish(text: str, asks: bool, classes: Sequence[str], known: Known, base: Word) -> Word:
    """Which wish it is."""
    if _EXPORT.search(text):
        return replace(base, kind="export", device=_device(text))
    for kind, pattern in _KIND:
        if pattern.search(text):
            return replace(base, kind="kind", task=kind)
    aimed = read_aims(text, classes, known)
    aims = bool(_AIM.search(text) or _CONFUSES.search(text))
    if _SMALLER.search(text) and not (aims and aimed.focus):
        return replace(base, kind="smaller")
    if _DROP.search(text) and (dropped := mentioned_classes(text, classes)) and len(dropped) < len(classes):
        return replace(base, kind="classes", dropped=dropped)
    if _ADD.search(text) and not base.notes and (new := _new_classes(text, classes, known)):
        return replace(base, kind="classes", classes=new)
    if base.notes:  # "also track them": named before it could be taken for a thing
        return replace(base, kind="cannot")
    if _IMAGES.search(text) and not aimed.focus:
        return replace(base, kind="pictures_more", number=_number(text))
    number = _number(text) if _ROUND.search(text) else None
    if (aims or (len(text) <= 40 and not asks)) and (aimed.focus or (aims and aimed.unknown)):
        return replace(base, kind="aim", focus=aimed.focus, unknown=aimed.unknown, number=number)
    if _ROUND.search(text):
        return replace(base, kind="rounds", number=_number(text))
    if (
        not asks
        and (new := _new_classes(text, classes, known))
        and re.search(r"\b(?:find|detect|recogni[sz]e|segment|count)\b|找|识别|检测|分割|数", text)
    ):
        return replace(base, kind="classes", classes=new)
    return replace(base, kind="unclear")


def _new_classes(text: str, classes: Sequence[str], known: Known) -> list[str]:
    """Things that are named and that the run does not find yet; only what something can draw, or what is quoted."""
    said: Understanding = understand(_ADD_WORDS.sub(" ", text), known)
    own = {name.casefold() for name in classes} | {found[0] for name in classes if (found := known(name))}
    return [
        c.name for c in said.classes
        if c.name.casefold() not in own and (c.drawn_as not in own or c.appearances) and c.name not in ("box", "mask",
            "outline")
    ]  # fmt: skip


def _device(text: str) -> str:
    return next((name for name, pattern in _DEVICES if re.search(pattern, text)), "")


def _number(text: str) -> int | None:
    """The number of images or rounds that are said, or else the first number in digits."""
    plain = re.sub(r"(?<=\d)[,，](?=\d{3})", "", text)
    said, _ = take_amounts(" ".join(_MORE_WORDS.sub(" ", plain).split()))
    if amount := said.images or said.rounds:
        return amount
    found = re.search(r"(\d{1,7})\s*(k\b|千|万)?", plain)
    return int(number("".join(g or "" for g in found.groups()))) if found else None
