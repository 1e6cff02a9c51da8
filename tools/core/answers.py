"""What a person answers to a plan or a question: how it is told to the model, and which words mean yes, no and stop."""

import re

from tools.core.errors import Code, FixArguments


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in text.split())


# How a person's word begins in a tool's answer to the model.
ANSWERS = "The user answers: "
WANTS = "The user wants: "
REPLY_CHARS = 1000  # of what is said to a person beside a plan that is shown again
# A person's answer to any question before the plan: photos of the thing are there now.
SHOWN = "I show photos of it. Call define_task again with the same arguments."

YES = _words(
    "yes y ok okay sure go yep yeah approve approved start proceed fine",
    "是 是的 好 好的 可以 行 同意 开始 没问题 确认",
) | {"go ahead", "looks good", "sounds good", "do it", "go on", "yes please", "all right", "no problem"}
NO = _words("no n nope cancel stop quit exit abort never 不 不要 不行 否 不用了 算了 取消 停止 退出 不同意")
QUIT = _words("quit exit stop cancel abort 取消 停止 退出 算了 不做了")
# Words that may stand beside a word of YES without changing it: "yes, that looks good, please start".
_BESIDE_YES = _words(
    "please it that this the looks sounds is i agree begin now then just do ahead on good great perfect nice",
    "thanks thank you let's lets right alright with me for to by all means 请 谢谢 就这样 这样 做",
)
_CHINESE_ENDINGS = "吧啊呀了哦嘛"


def approves(answer: str) -> bool:
    """Whether an answer to a plan means yes, and nothing beside it: "OK, go ahead!", "好的，开始吧"."""
    words = [word.rstrip(_CHINESE_ENDINGS) or word for word in plain(answer).split()]
    only_yes = all(w in YES or w in _BESIDE_YES for w in words) and any(w in YES for w in words)
    return plain(answer) in YES or only_yes


def as_wish(answer: str) -> FixArguments:
    """What a person said to a plan, for the model to mind; the plan is then shown again."""
    return FixArguments(WANTS + answer, Code.WISH, {"said": answer})


def plain(answer: str) -> str:
    """An answer in small letters and without punctuation, one space between words."""
    return re.sub(r"[\s.!,;:。！，、；：~～]+", " ", answer).strip().casefold()
