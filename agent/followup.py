"""A word about a run that exists: a question about it, or a wish to change it, extend it or use it.

One function, `follow_up`, for every surface (command line, page, other programs). It never opens an unrelated run, and
never swallows a word: what cannot be understood is said, with what can be asked.

    reply = follow_up(runs_dir / "apple-run", "it misses green ones")
    reply.outcome == "waits"          # reply.plan is shown; nothing was spent
    go on: execute(open_run(runs_dir / reply.run), ask, answer="yes")    # or "no", or "only 100 pictures"

A plan that waits is an ordinary question of `reply.run` (`run.json`: status "needs_answer", `question` of kind
"approve"), so whatever answers questions answers it, now or after a restart: `agent.run.execute(..., answer=...)`,
`agent.detached.go_on(folder, secrets, answer=...)`, `sightsmith resume RUN --answer yes`.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

# What became of the word:
#   answered  told from the record; nothing was changed, nothing spent
#   waits     a plan (`Reply.plan`) of `Reply.run` waits for approval; nothing was spent
#   done      it was done at once, because it costs nothing: a photo was tried, something was forgotten
#   heard     a worker is on the run; the word lies in its mailbox and is heard at its next step
#   worked    the plan had been approved beforehand, and was carried out
#   refused   it cannot be done; `text` says why and what is nearest
#   unclear   not understood; `text` lists what can be asked
Outcome = Literal["answered", "waits", "done", "heard", "worked", "refused", "unclear"]

# What the word was taken for. Questions are answered from the record:
Question = Literal[
    "why",  # why is the score low?
    "score",  # how good is it?
    "confusions",  # what does it confuse?
    "weak",  # where is it weak?
    "use",  # how do I use it: in Python, on a phone, a Raspberry Pi, over HTTP, on the command line
    "speed",  # how long would 1,000 pictures take?
    "pictures",  # how many pictures?
    "cost",  # what did it cost, how long did it take?
    "files",  # where are the files?
    "status",  # how far is it?
    "about",  # what is this run, what can it recognise?
    "help",  # what can I ask?
    "cannot",  # something that is not done here, with the nearest thing that is
]
# Wishes become a plan that waits for approval, of this run or of its fork:
Wish = Literal[
    "aim",  # "it misses green ones": a round aimed at that
    "rounds",  # "another round"
    "pictures_more",  # "more pictures"
    "classes",  # "also find pears": a fork of both classes that goes on from these weights and pictures
    "kind",  # "boxes are enough": a fork of another kind of task
    "smaller",  # "smaller and faster": a fork with a smaller network
    "export",  # "export for a phone"
    "label",  # "label the photos in DIR with it"
    "try",  # "try it on this photo"
    "forget",  # "forget that"
    "stop",  # "stop after this round"
    "answer",  # the answer to a question that the run waits with
]
Kind = Question | Wish | Literal["free", "unclear"]  # free: a language model answered in its own words


@dataclass(frozen=True)
class Reply:
    """What a person's word about a run came to."""

    kind: Kind
    outcome: Outcome
    text: str  # for the person, in the language of the word; lines are separated by "\n", none is Markdown
    run: str  # name of the run that it is about: the one asked, or its fork
    plan: dict[str, Any] | None = None  # what is shown before approval, as `RunRecord.question["plan"]`
    files: tuple[Path, ...] = ()  # pictures or files that were made or are named, absolute
    forked: bool = False  # `run` is a new run that goes on from the one asked, which stays as it is

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return asdict(self) | {"files": [str(f) for f in self.files]}
