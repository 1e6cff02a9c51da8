"""What the offline planner makes of a new turn of a run that has ended, and of what is said while it works."""

from typing import Any

from agent.conversation import AnsweredCall, Conversation
from agent.extend import EXTEND, extension_in
from agent.requests import questions
from agent.requests.followup_words import Word, read_word
from agent.requests.request_text import Known
from agent.requests.understand import understand

Call = tuple[str, dict[str, Any]]
ROUNDS = ("aim", "rounds", "pictures_more")  # kinds of a word that add rounds
LABEL, EXPORT = "label_photos", "export_model"


def class_names(story: Conversation) -> list[str]:
    """The classes of the run, as the conversation has them."""
    step = next((s for s in reversed(story.steps) if s.name in ("define_task", LABEL) and s.done), None)
    named = step.args.get("classes", []) if step is not None else []
    return [str(c.get("name", "")) if isinstance(c, dict) else str(c) for c in named]


def turn(story: Conversation, known: Known) -> Call | str | None:
    """The next call of a turn, its last words, or None where the rounds that it asks for are approved."""
    word = read_word(str(story.turn), class_names(story), known)
    if word.kind in ROUNDS:
        return _more(story, word, known)
    if word.kind == "label" and word.path:
        return _once(story, word, LABEL, {"photos": [word.path], "classes": class_names(story), "kind": _kind(story)})
    if word.kind == "export":
        return _once(story, word, EXPORT, {})
    return what_can_be_asked(word.language)


def _once(story: Conversation, word: Word, name: str, args: dict[str, Any]) -> Call | str:
    """A call that is made once, and what came of it."""
    last = next((s for s in reversed(story.latest) if s.name == name), None)
    if last is None:
        return name, args
    if last.done:
        said = str(last.report.get("done", name))
        return f"完成：{said}。" if word.language == "zh" else f"Done: {said}."
    return _not_done(last, word.language)


def _kind(story: Conversation) -> str:
    step = next((s for s in reversed(story.steps) if s.name in ("define_task", LABEL) and s.done), None)
    return str(step.args.get("kind", "segment")) if step is not None else "segment"


def _more(story: Conversation, word: Word, known: Known) -> Call | str | None:
    """More rounds: the plan as it is wished for, until it is approved or refused."""
    args = extend_args(word)
    last = None
    for step in (s for s in story.latest if s.name == EXTEND):
        last = step
        if extension_in(step.text):
            return None
        if step.wish is not None:
            args = _changed(args, step.wish, class_names(story), known, word.language)
    if last is not None and last.wish is None:
        return _not_done(last, word.language)
    return EXTEND, args


def extend_args(word: Word) -> dict[str, Any]:
    """What `extend_run` is called with for a word."""
    args: dict[str, Any] = {"rounds": word.number or 1} if word.kind != "pictures_more" else {"rounds": 1}
    if word.kind == "pictures_more" and word.number:
        args["pictures"] = word.number
    if word.focus:
        args["focus"] = word.focus
    notes = list(word.notes)
    if word.unknown:
        shown = ", ".join(word.unknown)
        notes.append(
            f"没有能画出“{shown}”的外观；带这种样子的照片可以用 --unlabelled 给出" if word.language == "zh" else
            f"nothing draws it {shown}; photos that show it so can be brought (--unlabelled DIR), or be learnt from "
            f"(--few DIR)"
        )  # fmt: skip
    return args | ({"notes": notes} if notes else {})


def _changed(
    args: dict[str, Any], said: str, classes: list[str], known: Known, language: questions.Language
) -> dict[str, Any]:
    """The arguments after a person's word about the plan; what changes nothing is answered."""
    asked, wish = questions.split_question(said)
    numbers, word = understand(wish or said, known), read_word(wish or said, classes, known)
    new = {k: v for k, v in args.items() if k != "reply"}
    if numbers.images:
        new["pictures"] = numbers.images
    if numbers.rounds:
        new["rounds"] = numbers.rounds
    if word.focus:
        new["focus"] = list(dict.fromkeys([*word.focus, *args.get("focus", [])]))
    if new == {k: v for k, v in args.items() if k != "reply"}:
        about = questions.answer_about_plan(asked, language) if asked else questions.nothing_changed(said, language)
        new["reply"] = about
    return new


def _not_done(step: AnsweredCall, language: questions.Language) -> str:
    return f"没有做：{step.reason}" if language == "zh" else f"Not done: {step.reason}."


# While the run works --------------------------------------------------------------------------------------------------


def letters(story: Conversation, known: Known) -> list[tuple[int, Word]]:
    """What was said while this turn worked, with the number of steps that had been made."""
    names = class_names(story)
    return [(at, read_word(text, names, known)) for at, text in story.letters if at >= story.before_more]


def wished_aims(story: Conversation, known: Known) -> list[str]:
    """What the person wants the next scenes to show: of the turn, and of what was said since."""
    approved = [extension_in(s.text).get("focus", []) for s in story.latest if s.name == EXTEND]
    said = [word.focus for _, word in letters(story, known)]
    return list(dict.fromkeys(aim for aims in (*reversed(said), *approved) for aim in aims))


def wants_to_stop(story: Conversation, known: Known) -> bool:
    """Whether the person said that this round is the last."""
    return any(word.kind == "stop" for _, word in letters(story, known))


def not_heard(story: Conversation, known: Known) -> str:
    """What was said too late for the last round, or was no word for a round: told at the end, never dropped."""
    designed = max((n for n, s in enumerate(story.steps) if s.name == "design_scenes" and s.done), default=-1)
    late = [w for at, w in letters(story, known) if w.kind != "stop" and not (w.focus and at <= designed)]
    if not late:
        return ""
    shown = "; ".join(f'"{w.said[:120]}"' for w in late)
    if late[0].language == "zh":
        return f"最后一轮开始之后您说的还没有做：{shown}。现在再说一次就可以。"
    return f"Said after the last round had begun, and not done yet: {shown}. Say it again now."


def what_can_be_asked(language: questions.Language) -> str:
    """Told where a word is not understood, and where somebody asks."""
    if language == "zh":
        return (
            "可以问：为什么分数低？会混淆什么？哪里弱？怎么在 Python／手机／树莓派／HTTP 上用？1000 "
            "张图要多久？多少张图？花了多少钱？文件在哪里？\n"
            "可以说：漏了绿色的（针对它再训练一轮）；再来一轮；再加 100 张图；还要找梨；框就够了；更小更快；导出；"
            "用它标注 /目录 里的照片；用它试试 /照片.jpg；忘了刚才的。"
        )
    return (
        "You can ask: why is the score low? what does it confuse? where is it weak? how do I use it in Python, on a "
        "phone, on a "
        "Raspberry Pi, over HTTP? how long would 1,000 pictures take? how many pictures? what did it cost? where "
        "are the files?\n"
        'You can say: it misses green ones (a round aimed at that); another round; 100 more pictures; also find '
        'pears; boxes are '
        "enough; smaller and faster; export; label the photos in /DIR with it; try it on /PHOTO.jpg; forget that."
    )  # fmt: skip
