"""What the agent asks a person, in the person's language."""

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
            f"还没有东西能画出{things}，也不会用别的东西代替。给我看几张它的照片就行（有没有标注都可以）：--few 目录。"
            "或者换一个物体名称；也可以回答“停止”，然后用 --assets 目录（放 .glb/.obj/.blend 模型）"
            "或 --llm 模型名 重新开始。"
        )
    return (
        f"Nothing here can draw {things}, and nothing else is drawn in its place. Show it instead: a few photos of it, "
        "with labels or without, are enough to learn it (--few DIR). Or name another thing. Or "
        'answer "stop" and start again with --assets DIR (a folder with a .glb, .obj or .blend model named after it) '
        "or with --llm NAME (a language model that describes it)."
    )


def ask_for_distinct(reason: str, language: Language) -> str:
    """The question about classes that would look the same."""
    if language == "zh":
        return f"这些类别画出来是一样的，模型无法区分。请说出不同的类别。（{reason}）"
    return f"{reason} Which classes should it be?"


def ask_again(question: str, times: int, language: Language) -> str:
    """The question put once more, so that the person sees that the answer did not settle it, and how to leave."""
    if language == "zh":
        return f"抱歉，没有听懂这个回答（已问 {times} 次，回答“停止”可结束）。{question}"
    return f'That answer did not settle it (asked {times} time{"s" * (times > 1)}; "stop" ends the run). {question}'


def ask_what_to_change(wish: str, language: Language) -> str:
    """The question about a wish that changes nothing."""
    if language == "zh":
        return (
            f"没有听懂“{wish[:200]}”。可以改：物体、任务类型、地点、图片张数、"
            "轮数、分钟数，例如“只要 100 张图，一轮”。要怎样改？"
        )
    return (
        f'"{wish[:200]}" changes nothing that I can change: the things, the kind of task, the places, the number of '
        'pictures, rounds or minutes. What should be different? For example: "only 100 pictures, one round".'
    )


def way_out(language: Language) -> str:
    """How to begin anew."""
    if language == "zh":
        return "请换一种说法重新开始，例如：sightsmith build “分割果园里的苹果”。"
    return 'Start again with other words, for example: sightsmith build "segment apples in an orchard".'
