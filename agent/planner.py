"""OfflinePlanner: a chat model that calls tools by rules, for machines with no key.

It keeps no state. Each answer is worked out from the conversation alone: the request, its own calls, the tools' reports
and refusals, the person's answers. So it goes on after a kill, and can take over what another model began.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

from agent.conversation import EXAMPLES, ROUND, AnsweredCall, Conversation, step_of
from agent.extend import EXTEND, extension_in
from agent.more import FOLLOWUP, LETTER, MORE, RESUMED, rounds_in
from agent.requests import questions
from agent.requests.label_request import LabelRequest, form_in, read_label_request
from agent.requests.noun_phrases import WantedClass
from agent.requests.request_text import Known
from agent.requests.understand import Understanding, merge, understand
from agent.summary import summarise, summarise_labels
from agent.turns import class_names, not_heard, turn, wants_to_stop, wished_aims
from tools.core.answers import SHOWN
from tools.core.errors import Code
from tools.core.task import TaskKind
from tools.drawable.homonyms import meanings_of
from tools.metrics.slices import is_beside

LEARN = "learn_from_photos"  # once, after the rounds, where the person gave photos for it
EXPORTS = ("export_model", "export_dataset")
# A round can go on without these; without the others there is nothing to train on, to measure or to keep.
OPTIONAL = ("score_images", "diagnose_model")
MAX_QUESTIONS = 4  # about what is to be labelled
MAX_FOCUS = 3  # slices a round aims at: more would be no aim
_REMOVE = re.compile(r"(?i)\b(?:no|without|drop|remove|except|leave out|skip|not)\b|不要|去掉|除了|别")
_ADD = re.compile(
    r"(?i)\b(?:also|add|plus|as well(?: as)?|too|in addition)\b|^\W*(?:再?加上?|还要|还有|另外|以及|也要)"
)


class OfflinePlanner(BaseChatModel):
    """Decides the next call from the conversation alone; the same conversation gives the same call."""

    known: Known = Field(exclude=True, description="key and appearances of a phrase that something can draw")
    tool_args: dict[str, list[str]] = Field(default_factory=dict, description="bound tools and their arguments")

    @property
    def _llm_type(self) -> str:
        return "offline-planner"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """A planner that calls only these tools, with only the arguments they have."""
        described = [convert_to_openai_tool(t)["function"] for t in tools]
        args = {d["name"]: list(d.get("parameters", {}).get("properties", {})) for d in described}
        return OfflinePlanner(known=self.known, tool_args=args)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._decide(read_story(messages))
        if isinstance(answer, str):
            message = AIMessage(answer)
        else:
            name, args = answer
            number = sum(isinstance(m, AIMessage) for m in messages) + 1
            call = {"name": name, "args": args, "id": f"plan-{number:03d}", "type": "tool_call"}
            message = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=message)])

    # Decisions: a call as (tool, arguments), or the last words ----------------------------------------------------

    def _decide(self, story: Conversation) -> tuple[str, dict[str, Any]] | str:
        if story.turn is not None:
            step = turn(story, self.known)
            if step is not None:
                return (step[0], self._only_known(*step)) if isinstance(step, tuple) else step
        wish = read_label_request(story.request, self.known) if "label_photos" in self.tool_args else None
        if wish is not None and story.turn is None:
            return self._label(story, wish)
        if not story.defined:
            return self._define(story)
        if not any(s.name in EXPORTS for s in story.latest):
            step = self._learn_shown(story) if story.shown else self._next_of_round(story)
            if step is not None:
                return step
        if not story.measured:
            return summarise(story.request, story.steps)
        if self._may_learn(story):
            return LEARN, {}
        for name in EXPORTS:
            if name in self.tool_args and not any(s.name == name for s in story.latest):
                return name, {}
        return "\n".join(filter(None, (summarise(story.request, story.steps), not_heard(story, self.known))))

    def _learn_shown(self, story: Conversation) -> tuple[str, dict[str, Any]] | None:
        """Learning from the photos that the person shows, once."""
        tried = any(s.name == EXAMPLES for s in story.latest)
        return None if tried or EXAMPLES not in self.tool_args else (EXAMPLES, {})

    def _may_learn(self, story: Conversation) -> bool:
        """Photos were given for it, and since the last round nobody has tried."""
        given = bool(story.task.get("unlabelled"))
        return given and LEARN in self.tool_args and not any(s.name in (LEARN, *EXPORTS) for s in story.latest)

    def _label(self, story: Conversation, wish: LabelRequest) -> tuple[str, dict[str, Any]] | str:
        """Photos that are there already are labelled; nothing is trained."""
        last = story.last("label_photos")
        if last is not None and (last.done or last.failed):
            return summarise_labels(story.request, last)
        said, asked = wish.said, story.last("ask_user")
        if not said.classes and asked is not None:
            said = understand(asked.answer or "", self.known)
        if not said.classes:
            if asked is not None and (asked.failed or len(story.steps) > MAX_QUESTIONS):
                return questions.ask_for_object(wish.said.language)
            return "ask_user", {"question": questions.ask_for_object(wish.said.language)}
        said, form, reply = said.model_copy(update={"kind": wish.kind}), wish.form, ""
        for step in story.steps:
            if step.name == "label_photos" and step.wish is not None:
                said, reply = self._after_word(said, step.wish)
                if named := form_in(step.wish):
                    form, reply = named, ""
        classes = [c.name for c in said.classes]
        args = {"photos": [wish.photos], "classes": classes, "kind": said.kind, "form": form}
        same = last is not None and {k: v for k, v in last.args.items() if k != "reply"} == args
        if last is not None and same and last.wish is None:  # refused: only the person can say it otherwise
            return summarise_labels(story.request, last)
        return "label_photos", args | self._only_known("label_photos", {"reply": reply} if reply else {})

    def _define(self, story: Conversation) -> tuple[str, dict[str, Any]] | str:
        last = story.last("define_task")
        if last is not None and last.failed:
            return summarise(story.request, story.steps)
        asked = story.last("ask_user")
        if asked is not None and asked.failed:
            return summarise(story.request, story.steps)
        task, question, reply = self._task(story)
        if question is not None:
            return "ask_user", question
        asked_for = [s for s in story.steps if s.name == "define_task"]
        dropped = {str(s.data.get("argument")) for s in asked_for if s.code is Code.LEAVE_OUT}
        args = self._only_known("define_task", _define_args(task, dropped, self.known))
        same = last is not None and {k: v for k, v in last.args.items() if k != "reply"} == args
        since = next((n for n, s in enumerate(story.steps) if s is last), 0)
        shown = any(s.answer == SHOWN for s in story.steps[since:])
        tried = last is not None and last.refused and since >= story.resumed and not shown
        if last is not None and same and tried and not _repeatable(last):
            return f"{last.reason}\n{questions.begin_anew(task.language)}"
        return "define_task", args | self._only_known("define_task", {"reply": reply} if reply else {})

    def _task(self, story: Conversation) -> tuple[Understanding, dict[str, Any] | None, str]:
        """The task after everything that was said, the question that is still open, and what is said with the plan."""
        task = understand(story.request, self.known)
        question, times, reply = _of_request(task), 0, ""
        for step in story.steps:
            if step.name not in ("define_task", "ask_user"):
                continue
            reply = ""
            if step.answer == SHOWN:  # whatever was asked: the photos say what it is
                question = None
            elif step.name == "ask_user" and step.answer is not None:
                settled = self._after_answer(task, question, step.answer)
                if settled is None and question is not None:
                    times += 1
                else:
                    task = settled or task
                    question, times = _of_request(task), 0
            elif step.wish is not None or step.answer is not None:
                task, reply = self._after_word(task, step.wish or step.answer or "")
                question, times = _of_request(task), 0
            elif not _is_about(step, task):
                continue  # what another model made of the request, before it was left to this one
            elif step.code is Code.UNCOVERED:
                question, times = _instead_of(task, step.data), 0
            elif step.code is Code.ALIKE:
                question, times = Open(questions.ask_for_distinct(**step.data, language=task.language)), 0
        return task, None if question is None else question.asked(times, task.language), reply

    def _after_word(self, task: Understanding, said: str) -> tuple[Understanding, str]:
        """The task after a person's word about its plan, and the answer to it where it changes nothing."""
        asked, wish = questions.split_question(said)
        changed = self._after_wish(task, wish) if wish else None
        if changed is not None:
            return changed, ""
        language = understand(said, self.known).language
        if asked or said.endswith(("?", "？")):
            return task, questions.answer_about_plan(asked or said, language)
        return task, questions.nothing_changed(said, language)

    def _after_answer(self, task: Understanding, question: "Open | None", answer: str) -> Understanding | None:
        """The task with an answer to a question; None when the answer does not settle it."""
        kind, asked = _kind_word(answer), question or Open("")
        if asked.about == "kind":
            if kind is None:
                return None
            settled = task.model_copy(update={"kind": kind, "kind_assumed": False, "question": None})
            return merge(settled, Understanding(language=task.language))
        said = understand(answer, self.known)
        if not said.classes and len(task.classes) == 1:  # "unripe" to the question what ripe tomatoes are told from
            both = understand(f"{task.classes[0].name}, {answer}", self.known)
            said = both if len(both.classes) > 1 and all(c.drawn_as for c in both.classes) else said
        if not said.classes:
            return None if task.question or asked.about == "cover" else self._after_wish(task, answer)
        named = {c.name for c in said.classes}
        uncovered = [c.name for c in task.classes if not c.drawn_as and c.name in asked.names]
        if uncovered and not named & set(uncovered):
            kept = [c for c in task.classes if c.name not in uncovered]
            said.classes = [*kept, *(c for c in said.classes if c.name not in {k.name for k in kept})]
        elif task.kind == "classify" and len(task.classes) == 1 and task.classes[0].name not in named:
            said.classes = _told_from(task.classes[0], said.classes)
        return merge(task, said)

    def _after_wish(self, task: Understanding, wish: str) -> Understanding | None:
        """The task with a wish about its plan; None when the wish changes nothing."""
        adds, removes = _ADD.search(wish), _REMOVE.search(wish)
        said = understand(_REMOVE.sub(" ", _ADD.sub(" ", wish)), self.known)
        kind = _kind_word(wish)
        if kind is not None and (said.kind_assumed or said.kind is None):
            said.kind, said.kind_assumed = kind, False
        # "Make it nicer" names nothing that can be drawn: only known or quoted things change the classes.
        said.classes = [c for c in said.classes if c.drawn_as or f'"{c.name}"' in wish]
        if not adds:  # "boxes instead" is about the kind, not about cartons
            said.classes = [c for c in said.classes if c.name not in ("box", "mask", "outline")]
        named = {c.name for c in said.classes}
        others = [c for c in task.classes if c.name not in named]
        if removes and len(others) < len(task.classes):
            said.classes = others
        elif adds and named:
            said.classes = [*others, *said.classes]
        merged = merge(task, said)
        same = merged.model_dump(exclude={"notes"}) == task.model_dump(exclude={"notes"})
        return None if same else merged

    # Rounds -------------------------------------------------------------------------------------------------------

    def _next_of_round(self, story: Conversation) -> tuple[str, dict[str, Any]] | None:
        """The next call of the loop; None when the loop is over."""
        rounds = story.rounds
        last = next((s for s in reversed(story.steps) if s.name in ROUND), None)
        if last is None or not rounds:
            return self._design(story, last)
        if story.more_rounds and not any(s.name in ROUND for s in story.latest):
            return self._design(story, None)
        names = [n for n in ROUND if n in self.tool_args]
        if last.name == "design_scenes" and not last.done:  # another round cannot be designed
            return self._design(story, last)
        if not last.done:
            again = self._again(story, last)
            if again is not None:
                return again
            if last.name not in OPTIONAL:
                return None
        at = names.index(last.name) if last.name in names else len(names)
        if at + 1 < len(names):
            return names[at + 1], {}
        return self._design(story, None) if self._another_round(story) else None

    def _again(self, story: Conversation, last: AnsweredCall) -> tuple[str, dict[str, Any]] | None:
        """A refused or answered call is made once more, without arguments."""
        tries = [s for s in story.rounds[-1] if s.name == last.name]
        return (last.name, {}) if not last.failed and len(tries) < 2 else None

    def _design(self, story: Conversation, last: AnsweredCall | None) -> tuple[str, dict[str, Any]] | None:
        if "design_scenes" not in self.tool_args:
            return None
        if last is not None and not last.done:
            tried_plain = not last.args
            return None if last.failed or tried_plain else ("design_scenes", {})
        found = _aim(story) if story.rounds else _few(_of_these_classes(story))
        wished = wished_aims(story, self.known)
        # What the person names takes the turns; what goes with every scene stays beside it.
        focus = [*wished, *(a for a in found if is_beside(a) and a not in wished)] if wished else found
        return "design_scenes", self._only_known("design_scenes", {"focus": focus} if focus else {})

    def _another_round(self, story: Conversation) -> bool:
        """Whether the reports leave reason and budget for one."""
        if wants_to_stop(story, self.known):
            return False
        diagnosis = story.last("diagnose_model")
        said = diagnosis.report if diagnosis is not None and diagnosis.done else {}
        if said.get("stop"):
            return False
        budget = story.task.get("rounds")
        if isinstance(budget, int) and len(story.rounds) >= budget + story.more_rounds:
            return False
        return not _plateau_twice(story)

    def _only_known(self, tool: str, args: dict[str, Any]) -> dict[str, Any]:
        """Arguments that the bound tool has."""
        return {k: v for k, v in args.items() if k in self.tool_args.get(tool, [k])}


# Reading the conversation ---------------------------------------------------------------------------------------------


def read_story(messages: Sequence[BaseMessage]) -> Conversation:
    """The request, the answered calls and the lessons of past runs in a conversation."""
    request = next((m.text for m in messages if isinstance(m, HumanMessage) and m.name is None), "")
    story = Conversation(request)
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for message in messages:
        if message.name == "memory":
            story.lessons = _weak_in_memory(message.text)
        elif message.name == RESUMED:
            story.try_again()
        elif message.name == MORE:
            story.more_rounds += rounds_in(message.text)
            story.before_more, story.turn = len(story.steps), None
        elif message.name == FOLLOWUP:
            story.before_more, story.turn = len(story.steps), message.text
        elif message.name == LETTER:
            story.letters.append((len(story.steps), message.text))
        elif isinstance(message, AIMessage):
            calls |= {str(c["id"]): (c["name"], c["args"]) for c in message.tool_calls}
        elif isinstance(message, ToolMessage):
            name, args = calls.get(message.tool_call_id, (message.name or "", {}))
            story.steps.append(step_of(message, name, args))
            if name == EXTEND:
                story.more_rounds += extension_in(message.text).get("more_rounds", 0)
    return story


def _weak_in_memory(text: str) -> list[str]:
    """Slices that were weak in similar past runs, most often first named first."""
    try:
        lessons = json.loads(text)["lessons"]
        weak = [w for lesson in lessons for w in lesson.get("weak", []) if isinstance(w, str) and "=" in w]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return list(dict.fromkeys(weak))


def _slices(value: Any) -> list[str]:
    """Slice names out of a report's list of 'axis=value' or of objects that name one."""
    names = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            item = item.get("slice") or item.get("name") or f"{item.get('axis')}={item.get('value')}"
        if isinstance(item, str) and "=" in item and "None" not in item:
            names.append(item)
    return names


def _aim(story: Conversation) -> list[str]:
    """What the next round should show more of."""
    diagnosis = story.last("diagnose_model")
    if diagnosis is None or not diagnosis.done:
        return []
    said = diagnosis.report
    named = _slices(said.get("aim")) or _slices(said.get("weak")) or _slices(said.get("least_certain"))
    return _few(named)


def _few(named: list[str]) -> list[str]:
    """So many slices that an aim is one, and all that goes with every scene whatever it is aimed at."""
    beside = [name for name in named if is_beside(name)]
    return [name for name in named if name not in beside][:MAX_FOCUS] + beside


def _of_these_classes(story: Conversation) -> list[str]:
    """What past runs teach about this task: a class of theirs that this one lacks says nothing."""
    named = class_names(story)
    pairs = {f"{a}/{b}" for a in named for b in named}
    known = {"class": set(named if len(named) > 1 else ()), "confused": pairs}
    parts = [(name, *name.partition("=")[::2]) for name in story.lessons]
    return [name for name, axis, value in parts if axis not in known or value in known[axis]]


def _plateau_twice(story: Conversation) -> bool:
    seen = [s.report.get("plateau") for s in story.steps if s.name == "diagnose_model" and s.done]
    return len(seen) >= 2 and seen[-2:] == [True, True]


def _repeatable(last: AnsweredCall) -> bool:
    """A person was shown the plan, or asked something beside it: each such call had a person's word."""
    return last.answer is not None or last.code in (Code.WISH, Code.SAME_AGAIN)


# Arguments and questions ----------------------------------------------------------------------------------------------


def _define_args(task: Understanding, dropped: set[str], known: Known) -> dict[str, Any]:
    args: dict[str, Any] = {
        "kind": task.kind or "segment",
        "classes": [_class_arg(c, known) for c in task.classes],
        "contexts": task.contexts,
        "assumptions": [*_assumptions(task), *task.notes],
    }
    for name in ("target", "images", "rounds", "minutes", "money", "effort", "model"):
        if name not in dropped:
            args[name] = getattr(task, name)
    return {k: v for k, v in args.items() if v not in (None, [])}


def _class_arg(wanted: WantedClass, known: Known) -> dict[str, Any]:
    """The class by its name, and the appearances that the name alone does not say: a crack "in roads" is on road."""
    by_name = known(wanted.name)
    said = by_name is None or not wanted.appearances or set(by_name[1]) == set(wanted.appearances)
    return {"name": wanted.name} | ({} if said else {"appearances": wanted.appearances})


def _assumptions(task: Understanding) -> list[str]:
    if not task.kind_assumed:
        return []
    if task.language == "zh":
        return ["您没有说明任务类型，按分割（每个物体的轮廓）来做"]
    return ["you did not say how to recognise it: segment, the outline of every one"]


def _is_about(step: AnsweredCall, task: Understanding) -> bool:
    """Whether a step names just the classes of a task."""
    named = step.args.get("classes")
    names = [c.get("name") if isinstance(c, dict) else c for c in named] if isinstance(named, list) else []
    return names == [c.name for c in task.classes]


@dataclass(frozen=True)
class Open:
    """A question that only the person can answer."""

    text: str
    options: tuple[str, ...] = ()
    about: Literal["task", "kind", "which", "cover"] = "task"  # cover: what is done about a class that nothing draws
    names: tuple[str, ...] = ()  # classes that the answer takes the place of

    def asked(self, times: int, language: questions.Language) -> dict[str, Any]:
        """The arguments of `ask_user`, after so many answers that settled nothing."""
        text = questions.ask_again(self.text, times, language) if times else self.text
        return (
            {"question": text}
            | ({"options": list(self.options)} if self.options else {})
            | ({"not_drawn": list(self.names)} if self.about == "cover" else {})
        )


def _of_request(task: Understanding) -> Open | None:
    """What the request itself leaves open."""
    if not task.question:
        return None
    about_kind = questions.ask_for_kind(task.language) in task.question  # what is not done here may stand before it
    return Open(task.question, about="kind" if about_kind else "task")


def _told_from(one: WantedClass, others: list[WantedClass]) -> list[WantedClass]:
    """A class beside those it is told from; "apples" makes way for "ripe and unripe apples"."""
    covered = not one.appearances and sum(c.drawn_as == one.drawn_as and bool(c.appearances) for c in others) > 1
    return others if covered else [one, *others]


def _kind_word(answer: str) -> TaskKind | None:
    """The kind that a short answer names: 'masks', 'detect please', '分割'."""
    for kind, pattern in (
        ("segment", r"segment|mask|outline|分割|抠|轮廓"),
        ("detect", r"detect|box|count|检测|框|计数"),
        ("classify", r"classif|sort|分类|区分"),
    ):
        if re.search(pattern, answer, re.IGNORECASE):
            return kind  # type: ignore[return-value]
    return None


def _instead_of(task: Understanding, hole: Mapping[str, Any]) -> Open:
    """The question about classes that nothing can draw, with the nearest names to choose from."""
    names, near = list(hole["names"]), hole["nearest"]
    options = tuple(dict.fromkeys(n for name in names for n in near.get(name, [])))
    if all(meanings_of(name) for name in names):
        return Open(questions.ask_which(names, list(options), task.language), options, "which", tuple(names))
    return Open(questions.ask_instead_of(names, task.language), options, "cover", tuple(names))
