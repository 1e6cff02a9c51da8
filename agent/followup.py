"""A word about a run that exists: a question about it, or a wish to change it, extend it or use it.

One function, `follow_up`, for every surface (command line, page, other programs). It never opens an unrelated run, and
never swallows a word: what cannot be understood is said, with what can be asked.

    reply = follow_up(runs_dir / "apple-run", "it misses green ones")
    reply.outcome == "waits"          # reply.plan is shown; nothing was spent
    go on: execute(open_run(runs_dir / reply.run), ask, answer="yes")    # or "no", or "only 100 images"

A plan that waits is an ordinary question of `reply.run` (`run.json`: status "needs_answer", `question` of kind
"approve"), so whatever answers questions answers it, now or after a restart: `agent.run.execute(..., answer=...)`,
`agent.detached.go_on(folder, secrets, answer=...)`, `sightsmith resume RUN --answer yes`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from agent.llm import OFFLINE, choose
from agent.mailbox import leave
from agent.requests.followup_words import MAX_CHARS, read_word
from agent.requests.request_text import Known
from agent.run import Ask, ExitCode, ask_nobody, execute
from agent.run_folder import is_locked, lock, open_run
from agent.talk.answers import answer
from agent.talk.fork import fork
from agent.talk.tools import forget, try_on
from agent.talk.use_it import how_to_use
from agent.turns import ROUNDS, extend_args, what_can_be_asked
from tools.core.errors import Code, FixArguments, SightsmithError
from tools.core.settings import Settings
from tools.runs.estimate import NETWORKS
from tools.runs.runtime import Listener, RunContext, RunRecord, read_record

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

# What became of the word:
#   answered  told from the record; nothing was changed, nothing spent
#   waits     a plan (`Reply.plan`) of `Reply.run` waits for approval; nothing was spent
#   done      it was done at once, because it costs nothing: a photo was tried, something was forgotten
#   heard     a worker is on the run; the word lies in its mailbox and is heard at its next step
#   worked    the plan had been approved beforehand, and was carried out
#   refused   it cannot be done; `text` says why and what is nearest
#   unclear   not understood; `text` lists what can be asked
ReplyOutcome = Literal["answered", "waits", "done", "heard", "worked", "refused", "unclear"]

# What the word was taken for. Questions are answered from the record:
Question = Literal[
    "why",  # why is the score low?
    "score",  # how good is it?
    "confusions",  # what does it confuse?
    "weak",  # where is it weak?
    "use",  # how do I use it: in Python, on a phone, a Raspberry Pi, over HTTP, on the command line
    "speed",  # how long would 1,000 images take?
    "pictures",  # how many pictures?
    "cost",  # what did it cost, how long did it take?
    "files",  # where are the files?
    "status",  # how far is it?
    "about",  # what is this run, what can it recognise?
    "help",  # what can I ask?
    "cannot",  # something that is not done here, with the nearest thing that is
]
# Wishes become a plan that waits for approval, of this run or of its fork:
WishKind = Literal[
    "aim",  # "it misses green ones": a round aimed at that
    "rounds",  # "another round"
    "pictures_more",  # "more pictures"
    "classes",  # "also find pears": a fork of both classes that goes on from these weights and images
    "kind",  # "boxes are enough": a fork of another kind of task
    "smaller",  # "smaller and faster": a fork with a smaller network
    "export",  # "export for a phone"
    "label",  # "label the photos in DIR with it"
    "try",  # "try it on this photo"
    "forget",  # "forget that"
    "stop",  # "stop after this round"
    "answer",  # the answer to a question that the run waits with
]
WordKind = Question | WishKind | Literal["free", "unclear"]  # free: a language model answered in its own words


@dataclass(frozen=True)
class Reply:
    """What a person's word about a run came to."""

    kind: WordKind
    outcome: ReplyOutcome
    text: str  # for the person, in the language of the word; lines are separated by "\n", none is Markdown
    run: str  # name of the run that it is about: the one asked, or its fork
    plan: dict[str, Any] | None = None  # what is shown before approval, as `RunRecord.question["plan"]`
    files: tuple[Path, ...] = ()  # images or files that were made or are named, absolute
    forked: bool = False  # `run` is a new run that goes on from the one asked, which stays as it is
    code: str | None = None  # what a refusal or a question is about (`tools.core.errors.Code`), and its data
    data: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return asdict(self) | {"files": [str(f) for f in self.files]}


def follow_up(
    folder: Path,
    said: str,
    *,
    photos: Sequence[Path] = (),
    ask: Ask = ask_nobody,
    listener: Listener | None = None,
    model: "BaseChatModel | None" = None,
    tools: "Sequence[BaseTool] | None" = None,
    auto_approve: bool = False,
) -> Reply:
    """Take a person's word about a run: answer it, do it, or have its plan wait for approval.

    Args:
        folder: of the run.
        said: what the person says, English or Chinese.
        photos: that come with the word ("try it on this photo"), already on this machine.
        ask: called with a plan or a question; returning None leaves it waiting (`Reply.outcome` "waits").
        listener: hears the events of what is worked on.
        model: the chat model; None takes the one in the run's settings.
        tools: what that may call; None takes all.
        auto_approve: plans are approved beforehand.

    Raises:
        FixArguments: there is no such run, its record is damaged, or the word is empty or too long.
    """
    return _begin(folder, said, photos, ask, listener, model, tools, auto_approve).take()


def _begin(folder: Path, said: str, photos: Sequence[Path], ask: Ask = ask_nobody, *others: Any) -> "_Turn":
    said = said.strip()
    if not said:
        raise FixArguments("the message is empty; ask something about the run, or say what should change")
    if len(said) > MAX_CHARS:
        raise FixArguments(f"the message has {len(said)} characters, and at most {MAX_CHARS} are read; say it shorter")
    return _Turn(folder, said, list(photos), ask, *others)


def at_once(folder: Path, said: str, *, photos: Sequence[Path] = (), language_model: bool = False) -> Reply | None:
    """What needs no work: a question that the record answers, a word for a run that works. None for all else.

    Args:
        folder: of the run.
        said: what the person says.
        photos: that come with the word.
        language_model: one will be asked, so that only what a working run is told is settled here.

    Raises:
        FixArguments: as of `follow_up`.
    """
    turn = _begin(folder, said, photos)
    waits = turn.record.status == "needs_answer"
    offline = not (language_model or turn.asks_model())
    if is_locked(folder) or (offline and not waits and turn.word.kind in (*get_args(Question), "unclear", "stop")):
        return turn.take()
    return None


class _Turn:
    """One word and what becomes of it."""

    def __init__(
        self, folder: Path, said: str, photos: list[Path], ask: Ask, listener: Listener | None = None,
        model: "BaseChatModel | None" = None, tools: "Sequence[BaseTool] | None" = None, auto_approve: bool = False,
    ) -> None:  # fmt: skip
        self.folder, self.said, self.photos = folder, said, photos
        self.ask, self.listener, self.model, self.tools, self.auto_approve = ask, listener, model, tools, auto_approve
        self.record = read_record(folder)
        classes = self.record.task.class_names if self.record.task else []
        self.word = read_word(said, classes, _known(folder, self.record))
        self.last_words = ""

    def take(self) -> Reply:
        """What becomes of the word."""
        try:
            return self._take()
        except SightsmithError as error:
            return self._reply("refused", str(error), error.code, error.data)

    def _take(self) -> Reply:
        kind = self.word.kind
        if is_locked(self.folder):
            return self._while_working()
        if self.record.status == "needs_answer" and self.record.question is not None:
            if kind in get_args(Question) and kind not in ("help", "cannot") and self.record.best is not None:
                return self._told()
            self.word = replace(self.word, kind="answer")
            return self._drive(answer="no" if kind == "forget" else self.said)
        # A step that was broken off is finished first: a turn in its middle would leave a call without its answer.
        whole = self.record.status == "finished"
        if whole and self.asks_model():
            return self._drive(said=self.said)
        if kind in get_args(Question):
            return self._told()
        if not whole and kind in (*ROUNDS, "label", "export"):
            return self._resume_first()
        return self._wish()

    def asks_model(self) -> bool:
        """Whether a language model hears the word."""
        return self.model is not None or choose(self._settings()).name != OFFLINE

    def _settings(self) -> Settings:
        """The run's settings."""
        run = open_run(self.folder)
        run.dataset.close()
        return run.settings

    def _resume_first(self) -> Reply:
        zh = self.word.language == "zh"
        said = "这次运行还没有完成；请先继续。" if zh else "This run has not come to its end; go on with it first."
        return self._reply("refused", said, Code.UNFINISHED)

    # Answers ------------------------------------------------------------------------------------------------------

    def _told(self) -> Reply:
        """A question, answered from the record; what is said goes into the run's story."""
        text = self._answer()
        self._write_down(text)
        return self._reply("answered", text)

    def _answer(self) -> str:
        word = self.word
        if word.kind == "help":
            return what_can_be_asked(word.language)
        if word.kind == "cannot":  # what is not done here, each with the nearest thing that is
            head, between = ("这里做不到：", "；") if word.language == "zh" else ("Not done here: ", "; ")
            return head + between.join(word.notes)
        return answer(word.kind, self.folder, self.record, word.language, word.number, word.device)

    def _write_down(self, text: str) -> None:
        run = open_run(self.folder)
        run.emit("answer", text=self.said)
        run.emit("summary", text=text)
        run.dataset.close()

    def _while_working(self) -> Reply:
        """A worker is on the run: what the record answers is answered, the rest is left in its mailbox."""
        word, zh = self.word, self.word.language == "zh"
        if word.kind in get_args(Question):
            return self._reply("answered", self._answer())
        if not self.asks_model() and not (word.kind == "stop" or word.focus):
            return self._reply("refused", (
                "正在运行中，现在只能听“这一轮之后停”或“多一点阴影”这样的话；请等它完成后再说，或者先停下。" if zh else
                'It is working. Until it has ended it hears "stop after this round" and "more shade please"; say this '
                "again when it has ended, or stop it first."))  # fmt: skip
        leave(self.folder, self.said)
        return self._reply("heard", "听到了，下一步就会照做。" if zh else "Heard: it is minded at the next step.")

    # Wishes -------------------------------------------------------------------------------------------------------

    def _wish(self) -> Reply:
        """A wish, without a language model."""
        word, zh = self.word, self.word.language == "zh"
        if word.kind == "unclear":
            head = f"没有听懂：“{self.said[:200]}”。" if zh else f'Not understood: "{self.said[:200]}".'
            text = f"{head}\n{what_can_be_asked(word.language)}"
            self._write_down(text)
            return self._reply("unclear", text)
        if word.kind == "stop":
            return self._reply("answered", "现在没有在运行。" if zh else "Nothing is running now.")
        if word.kind == "forget":
            return self._forget()
        if self.record.best is None:
            return self._resume_first()
        if word.kind in ("classes", "kind", "smaller"):
            return self._fork()
        if word.kind == "try":
            return self._try()
        if word.kind == "label" and word.path is None:
            return self._reply(
                "refused", "请写出照片所在的文件夹。" if zh else "Name the folder of the photos, as a path."
            )
        if word.unknown and not word.focus:
            text = extend_args(word)["notes"][-1]
            self._write_down(text)
            return self._reply("refused", text)
        return self._drive(said=self.said)

    def _forget(self) -> Reply:
        run = open_run(self.folder)
        had = forget(run)
        run.dataset.close()
        zh = self.word.language == "zh"
        if had:
            text = (
                "这次运行学到的经验已经忘掉，以后的运行不会再用；模型和图片保留。" if zh else
                "What this run taught is forgotten: no later run starts from it. Its model and pictures stay."
            )  # fmt: skip
        else:
            text = (
                "没有等待批准的计划，也没有记住的经验。"
                if zh
                else "No plan waits, and nothing of this run was remembered."
            )
        self._write_down(text)
        return self._reply("done", text)

    def _fork(self) -> Reply:
        """A new run that goes on from this one; its plan waits."""
        word, task = self.word, self.record.task
        assert task is not None
        names = [n for n in task.class_names if n not in word.dropped] + word.classes
        network = None
        if word.kind == "smaller":
            network = _smaller(self._settings().training.model)
            if network is None:
                text = _smallest(word.language)
                self._write_down(text)
                return self._reply("refused", text)
        if word.kind == "kind" and word.task == task.kind:
            have = {"detect": ("boxes", "方框"), "segment": ("outlines", "轮廓")}.get(task.kind, ("that", "这个"))
            return self._reply(
                "answered", f"它给出的已经是{have[1]}。" if word.language == "zh" else f"It gives {have[0]} already."
            )
        with lock(self.folder):
            run = open_run(self.folder)
            made = fork(run, names, word.task, network, word.language)
            run.dataset.close()
        return self._drive_fork(made)

    def _drive_fork(self, made: Path) -> Reply:
        code = self._execute(open_run(made, auto_approve=self.auto_approve), None, None)
        return self._outcome(made, code, forked=True)

    def _try(self) -> Reply:
        named = [Path(self.word.path).expanduser()] if self.word.path and not self.record.visitor else []
        photos = [*self.photos, *named]
        zh = self.word.language == "zh"
        if not photos:
            return self._reply("refused", "请给出照片，或写出它的路径。" if zh else "Bring a photo, or name its path.")
        run = open_run(self.folder)
        result = try_on(run, photos)
        run.dataset.close()
        drawn = [Path(str(result["out"])).resolve()]
        text = (
            f"看了 {result['pictures']} 张照片，找到 {result['instances']} 个。画好的图：{drawn[0]}" if zh else
            f"Looked at {result['pictures']} photos, found {result['instances']} things. Drawn pictures: {drawn[0]}"
        )  # fmt: skip
        self._write_down(text)
        return replace(self._reply("done", text), files=tuple(drawn))

    # The graph ----------------------------------------------------------------------------------------------------

    def _drive(self, said: str | None = None, answer: str | None = None) -> Reply:
        """A new turn on the run's thread, or the answer to its question."""
        run = open_run(self.folder, auto_approve=self.auto_approve)
        before, forks = (len(run.record.rounds), run.record.best, run.record.status), dict(run.record.forks)
        code = self._execute(run, said, answer)
        new = [name for wanted, name in run.record.forks.items() if name not in forks.values()]
        if new and run.record.status == "finished":
            return self._drive_fork(self.folder.parent / new[-1])
        failed = run.record.error if code is ExitCode.FAILED else None
        why, data = run.record.error_code, run.record.error_data
        if failed is not None and said is not None and before == (len(run.record.rounds), run.record.best, "finished"):
            # What was finished stays so: only the word came to nothing.
            run.record.status, run.record.error = "finished", None
            run.record.error_code, run.record.error_data = None, {}
            run.save()
            return self._reply("refused", failed, why, data)
        worked = len(run.record.rounds) > before[0]
        return self._outcome(self.folder, code, worked=worked)

    def _execute(self, run: RunContext, said: str | None, answer: str | None) -> ExitCode:
        def heard(event: dict[str, Any]) -> None:
            if event["kind"] == "summary":
                self.last_words = str(event["text"])
            if self.listener is not None:
                self.listener(event)

        run.listen(heard)
        code = execute(run, self.ask, model=self.model, tools=self.tools, answer=answer, said=said)
        run.dataset.close()
        return code

    def _outcome(self, folder: Path, code: ExitCode, *, worked: bool = False, forked: bool = False) -> Reply:
        record, zh = read_record(folder), self.word.language == "zh"
        if code is ExitCode.NEEDS_ANSWER:
            question = record.question or {}
            plan = question.get("plan")
            said = [str(question.get("reply") or question.get("question") or "")]
            if forked:
                stays = f"A new run, {record.name}, goes on from {record.parent}, which stays as it is."
                said.insert(0, f"新的运行 {record.name} 从 {record.parent} 接着做，原来的保留。" if zh else stays)
            if plan:
                waits = "Here is the plan; nothing begins before you approve it."
                said.append("计划如下，批准后才开始。" if zh else waits)
            text = " ".join(filter(None, said))
            reply = self._reply("waits", text, question.get("code"), question.get("data"))
            return replace(reply, run=record.name, plan=plan, forked=forked)
        if code is ExitCode.FINISHED:
            return replace(
                self._reply(self._how_it_ended(worked or forked), self._last_words(record)),
                run=record.name,
                forked=forked,
            )
        reply = self._reply("refused", record.error or "stopped", record.error_code, record.error_data)
        return replace(reply, run=record.name, forked=forked)

    def _how_it_ended(self, worked: bool) -> ReplyOutcome:
        """What became of a turn that came to its end; without rounds a wish for rounds came to nothing."""
        if worked:
            return "worked"
        by_rules = not self.asks_model()
        if by_rules and self.word.kind in ROUNDS:
            return "refused"
        return "done" if by_rules and self.word.kind in ("label", "export") else "answered"

    def _last_words(self, record: RunRecord) -> str:
        """What was said at the end; who named a device is told how the exported files get there."""
        if self.word.kind != "export" or not self.word.device or self.asks_model():
            return self.last_words
        return f"{self.last_words}\n{how_to_use(self.folder, record, self.word.language, self.word.device)}"

    def _reply(
        self, outcome: ReplyOutcome, text: str, code: str | None = None, data: dict[str, Any] | None = None
    ) -> Reply:
        offline = self.model is None
        kind: Any = self.word.kind if offline or self.word.kind != "unclear" else "free"
        return Reply(kind, outcome, text, self.record.name, code=code, data=data or {})


def _known(folder: Path, record: RunRecord) -> Known:
    from tools.generators.blender.library import Library

    try:
        return Library.of_run(folder, Path(record.assets) if record.assets else None).find
    except SightsmithError:  # the user's folder of models has gone
        return Library().find


def _smaller(model: str) -> str | None:
    """The smallest network of the same family; None where it is that already, or no known one."""
    smallest = model[:-1] + "n"
    return smallest if model in NETWORKS and model != smallest else None


def _smallest(language: str) -> str:
    if language == "zh":
        return (
            "已经是最小的网络了。更快的办法：导出的 model.onnx 比 model.pt 快；给它小一点的图片（--size）；"
            "或者只要方框（说“框就够了”），方框模型比轮廓模型小。"
        )
    return (
        "It is the smallest network already. What makes it faster: the exported model.onnx runs faster than "
        "model.pt; smaller "
        'pictures (a new run with --size); or boxes alone ("boxes are enough"), for a network without outlines is '
        "smaller."
    )
