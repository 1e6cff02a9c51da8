"""What the agent asks a person, in the person's language."""

import re
from typing import Literal

Language = Literal["en", "zh"]


def ask_for_kind(language: Language) -> str:
    """The question for a request that leaves the kind open in so many words."""
    if language == "zh":
        return "您要哪一种：分割（每个物体的轮廓）、检测（方框）还是分类（整张图一个类别）？"
    return (
        "Which do you want: segment (the outline of each thing), detect (a box around each thing) or classify (one "
        "answer for the whole picture)?"
    )


def ask_for_something_visible(language: Language) -> str:
    """The question for a request about something that no camera sees."""
    if language == "zh":
        return (
            "我做的是识别照片中物体的模型，这个请求不是照片里能看到的东西。您想识别什么物体？例如：“分割果园里的苹果”。"
        )
    return (
        "I make models that recognise things in pictures, and this is nothing a camera can see. Which thing should the "
        'model recognise? For example: "segment apples in an orchard".'
    )


def ask_for_less(chars: int, most: int, language: Language) -> str:
    """The question for a request that is too long to be one."""
    if language == "zh":
        return f"这段文字有 {chars} 个字符，最多读 {most} 个。请用几句话说明：识别什么物体，在什么地方？"
    return (
        f"This has {chars} characters, and at most {most} are read. Say it in a few sentences: which things should be "
        "recognised, and where?"
    )


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


def ask_instead_of(names: list[str], language: Language) -> str:
    """The question about classes that nothing can draw."""
    things = ", ".join(f'"{n}"' for n in names)
    if language == "zh":
        return (
            f"还没有东西能画出{things}，也不会用别的东西代替。给我看几张它的照片就行（有没有标注都可以），"
            "或者换一个物体名称。"
        )
    return (
        f"Nothing here can draw {things}, and nothing else is drawn in its place. Show it instead: a few photos of it, "
        "with labels or without, are enough to learn it. Or name another thing."
    )


def ask_for_distinct(classes: list[str], drawn_as: str, appearances: list[str], language: Language) -> str:
    """The question about classes that would look the same, with what could tell them apart."""
    names, looks = ", ".join(f'"{name}"' for name in classes), ", ".join(appearances)
    if language == "zh":
        known = f"（{drawn_as} 可以画成：{looks}）" if looks else ""
        return f"{names} 画出来是一样的，模型无法区分。请说出不同的类别。{known}"
    known = f" Known looks of {drawn_as}: {looks}." if looks else ""
    return f"{names} would be drawn the same way, so no model could tell them apart. Which classes should it be?{known}"


def ask_which(names: list[str], meanings: list[str], language: Language) -> str:
    """Which of several things a word means; the name in double quotes is replaced by the answer."""
    quoted, options = ", ".join(f'"{n}"' for n in names), " / ".join(meanings)
    if language == "zh":
        return f"{quoted} 有几种意思，您指的是哪一种？{options}"
    return f"{quoted} can mean several things. Which do you mean: {options}?"


def ask_again(question: str, times: int, language: Language) -> str:
    """The question put once more, so that the person sees that the answer did not settle it, and how to leave."""
    if language == "zh":
        return f"抱歉，没有听懂这个回答（已问 {times} 次，回答“停止”可结束）。{question}"
    return f'That answer did not settle it (asked {times} time{"s" * (times > 1)}; "stop" ends the run). {question}'


def nothing_changed(wish: str, language: Language) -> str:
    """What a plan is shown with once more after a wish that changes nothing."""
    if language == "zh":
        return (
            f"“{wish[:200]}”没有改变计划。可以改：物体、任务类型、地点、图片张数、轮数、分钟数，"
            "例如“只要 100 张图，一轮”。同意请回答“好”。"
        )
    return (
        f'"{wish[:200]}" changes nothing that I can change: the things, the kind of task, the places, the number of '
        'pictures, rounds or minutes. For example: "only 100 pictures, one round". "Yes" starts it as it is.'
    )


# What a question about a plan can be about, and the answer. The first that matches; the numbers stand in the plan.
_ANSWERS: tuple[tuple[str, str, str], ...] = (
    (
        r"money|cost|price|pay|paid|dollar|free\b|expens|钱|费|价|花",
        "What it costs stands in the plan under money: pictures that are made on this machine cost nothing, and a paid "
        'service never gets more than the limit there. "At most 2 dollars" sets one.',
        "费用写在计划里：在本机生成图片不花钱，付费服务不会超过其中的上限。说“最多 2 美元”可以设定上限。",
    ),
    (
        r"long|minute|hour|time|fast|slow|quick|多久|时间|分钟|小时|快|慢",
        "The minutes are an estimate from the pace of earlier runs, most of them for making pictures and for training. "
        'Fewer pictures or rounds take less: "in 10 minutes" or "only 100 pictures".',
        "分钟数按以往的速度估算，大部分用于生成图片和训练。图片或轮数少一些就更快：“10 分钟内”或“只要 100 张图”。",
    ),
    (
        r"round|轮",
        "After each round the model is measured, and the next makes more pictures of what it is weak at; a round that "
        'is not better is not kept. "One round" is enough for a first look.',
        "每轮之后都会测量模型，下一轮针对薄弱之处多生成图片；没有变好的一轮不会保留。先看看效果，“一轮”就够了。",
    ),
    (
        r"real|photo|accura|good|well|score|measur|真实|照片|准|效果|分数",
        "Rendered pictures alone only say how the model does on rendered pictures. To know how it does on real ones, "
        "bring labelled photos (--real DIR, or the page's photos); they are only measured on.",
        "只有渲染图片时，只能知道模型在渲染图片上的表现。要知道真实表现，请提供带标注的照片"
        "（--real 目录，或页面上的照片）；它们只用于测量。",
    ),
    (
        r"picture|image|many|图|张|多少",
        "So many pictures show each thing in enough places, lights, sizes and crowds to be told in all of them; fewer "
        'are faster and score lower. "Only 100 pictures" makes fewer.',
        "这么多图片才能覆盖各种地点、光线、大小和拥挤程度；少一些更快，但得分更低。说“只要 100 张图”可以减少。",
    ),
    (
        r"segment|detect|classif|outline|mask|box|kind|分割|检测|分类|框|轮廓|类型",
        "Segment draws the outline of each thing, detect a box around it, classify says one word for the whole "
        'picture. "Boxes instead" changes the kind.',
        "分割画出每个物体的轮廓，检测画方框，分类给整张图一个类别。说“改成检测”可以更改。",
    ),
)


def answer_about_plan(question: str, language: Language) -> str:
    """The answer to a person's question about a plan, shown with the plan."""
    for about, english, chinese in _ANSWERS:
        if re.search(about, question, re.IGNORECASE):
            return chinese if language == "zh" else english
    if language == "zh":
        return (
            f"“{question[:200]}”：这个问题我答不上来。下面的计划就是将要做的事，批准之前什么都不会开始。"
            "同意请回答“好”，或者说要改什么。"
        )
    return (
        f'"{question[:200]}": that is more than I can answer. The plan is what will be done, and nothing begins before '
        'you approve it. Say "yes", or what to change.'
    )


_SENTENCE = re.compile(r"[^?？!！。\n]*[?？]?")
_HOW_ABOUT = re.compile(r"(?i)^\W*(?:how|what) about\b\s*")  # a wish, put as a question
_ASKS = re.compile(
    r"(?i)^\W*(?:(?:but|and|so|ok|okay|hm+)\W+)*(?:why|how (?!about)|what (?!about|if)|what's|when|where|who|which|"
    r"(?:do|does|is|are|will)\b)|为什么|为何|怎么|什么|多久|多少|吗|呢$"
)


def split_question(words: str) -> tuple[str, str]:
    """What a person asks, and what else the person says: "why 300? make it 100" -> ("why 300?", "make it 100")."""
    sentences = [_HOW_ABOUT.sub("", s.strip()) for s in _SENTENCE.findall(words) if s.strip()]
    asked = [s for s in sentences if _ASKS.search(s)]
    return " ".join(asked), " ".join(s for s in sentences if s not in asked)


def begin_anew(language: Language) -> str:
    """How to begin anew."""
    if language == "zh":
        return "请换一种说法重新开始，例如：“分割果园里的苹果”。"
    return 'Start again with other words, for example: "segment apples in an orchard".'
