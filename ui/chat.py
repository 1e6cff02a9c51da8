"""Talk: a request, the plan to approve, questions, and what the run is doing."""

from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from agent import asked, detached
from agent.mcp.story import Entry, Step, Story
from agent.report.charts import Line
from tools.core.errors import Code
from tools.core.settings import EFFORTS
from tools.runs.photo_sets import assets_folder, list_assets, photos_folder, sets_for
from tools.runs.runtime import RunRecord
from ui import login, plain_words, plan, results, session, show, titles, watch, welcome, widgets
from ui.session import t

_MARKS = {"done": "✓", "failed": "!", "stopped": "‖", "running": "●"}
AGENT, PERSON = ":material/auto_awesome:", ":material/person:"
_COUNTED = ("generate", "score", "curate", "annotate", "train")  # stages whose number a person understands
_ITEM, _DOT = "\n- ", "\n• "  # lists of what was said


def render() -> None:
    """The page."""
    name = session.run_name()
    if name is None:
        _welcome()
        return
    folder = session.runs_dir() / name
    with widgets.told():
        record = detached.current(folder)
        _head(folder, record)
        _live(folder, record.status)
        _below(folder, record)


# Beginning ------------------------------------------------------------------------------------------------------------


def _welcome() -> None:
    example = welcome.render()
    if example:
        _start(example)
    with st.expander(t("show_title"), icon=":material/photo_camera:"), widgets.told():
        show.render("new", "", lambda name, few, more: _start(t("show_request", name=name), few, more))
    with st.expander(t("options"), icon=":material/tune:"):
        _options()
    request = st.chat_input(t("ask"), key="request", max_chars=4000)
    if request:
        _start(request)


def _options() -> None:
    """Limits of the next run, and the person's own photos and models."""
    defaults, runs_dir = session.settings(), session.runs_dir()
    limit, chosen = defaults.plan, st.session_state.setdefault("options", {})
    efforts = list(EFFORTS)
    chosen["effort"] = st.segmented_control(
        t("effort"), efforts, format_func=lambda e: t(f"effort_{e}"), key="opt_effort",
        default=chosen.get("effort") or defaults.effort,
    )  # fmt: skip
    limits: list[tuple[str, str, str, dict[str, Any]]] = [
        ("images", t("images"), t("as_effort"), {"min_value": limit.min_images, "max_value": limit.max_images}),
        ("rounds", t("rounds"), t("as_effort"), {"min_value": 1, "max_value": 20}),
        ("minutes", t("minutes"), t("no_limit"), {"min_value": 0.5}),
        ("money", t("money_limit"), t("no_money"), {"min_value": 0.0, "help": t("money_help")}),
    ]
    places = [*st.columns(2), *st.columns(2)]
    for place, (name, label, placeholder, rules) in zip(places, limits, strict=True):
        chosen[name] = place.number_input(
            label, value=chosen.get(name), placeholder=placeholder, key=f"opt_{name}", **rules
        )
    material = {
        "real": (sets_for(runs_dir, "measure"), t("real"), t("real_help")),
        "few": (sets_for(runs_dir, "learn"), t("few"), t("few_help")),
        "assets": ([p.name for p in list_assets(runs_dir)], t("assets"), t("assets_help")),
    }
    if not any(names for names, _, _ in material.values()):
        widgets.plain(t("no_material"), "small")
    for name, (names, label, about) in material.items():
        if names:
            chosen[name] = st.selectbox(
                label,
                names,
                index=_index(names, chosen.get(name)),
                key=f"opt_{name}",
                placeholder=t("none"),
                help=about,
            )


def _index(values: list[str], value: str | None) -> int | None:
    return values.index(value) if value in values else None


def _start(request: str, few: Path | None = None, unlabelled: Path | None = None) -> None:
    chosen = st.session_state.get("options", {})
    given = {k: v for k, v in st.session_state.get("defaults", {}).items() if v is not None}
    if chosen.get("effort"):
        given["effort"] = chosen["effort"]
    photos = photos_folder(session.runs_dir())
    with st.chat_message("user", avatar=PERSON):
        widgets.plain(request)
    with widgets.told(), st.spinner(t("starting")):  # said at once: the first start loads the program
        name = detached.start(
            request,
            session.settings().model_copy(update=given),
            session.connection(),
            real=photos / chosen["real"] if chosen.get("real") else None,
            few=few or (photos / chosen["few"] if chosen.get("few") else None),
            unlabelled=unlabelled,
            assets=assets_folder(session.runs_dir()) / chosen["assets"] if chosen.get("assets") else None,
            options={k: chosen.get(k) for k in ("images", "rounds", "minutes", "money", "effort")},
            visitor=login.is_shared(),
        )
        session.choose_run(name)
        st.rerun()


# The conversation -----------------------------------------------------------------------------------------------------


def _head(folder: Path, record: RunRecord) -> None:
    title = titles.title_of(folder, record)
    st.html(f'<header class="ss-head"><h1>{escape(title)} {widgets.badge(record.status)}</h1></header>')
    with st.chat_message("user", avatar=PERSON):
        widgets.plain(record.request)


def _live(folder: Path, status: str) -> None:
    """What was said and done; drawn anew each second while the run works."""

    @st.fragment(run_every=session.settings().ui.poll_s if status == "running" else None)
    def live() -> None:
        with widgets.told():
            story, now = session.story(folder), detached.current(folder)
            _conversation(folder, story, now)
            if now.status == "running":
                _now(folder, story, now)
                if st.button(t("stop"), icon=":material/stop:", key="stop", help=t("stop_help")):
                    detached.stop(folder)
                    st.session_state["stopping"] = folder.name
                if st.session_state.get("stopping") == folder.name:
                    widgets.plain(t("stopping"), "small")
            if now.status != status:
                st.session_state.pop("stopping", None)
                st.rerun()

    live()


def _conversation(folder: Path, story: Story, record: RunRecord) -> None:
    """What was said, turn by turn; everything between two words of the person is one turn."""
    turn: list[str] = []
    number = 0
    questions = [e for e in story.entries if e.kind == "question"]
    latest = questions[-1] if questions else None
    plans = [e for e in questions if (e.asked or {}).get("kind") == "approve"]
    last = _end_of_work(story)
    for entry in story.entries:
        if entry.kind == "answer":
            _agent(turn)
            turn = []
            with st.chat_message("user", avatar=PERSON):
                approved = entry.text == "yes" and (entry.asked or {}).get("kind") == "approve"
                widgets.plain(t("approved") if approved else entry.text)
            continue
        waits = record.status == "needs_answer" and entry is latest and entry.asked == record.question
        if waits or (entry.step is not None and entry.step.state == "running"):
            continue  # drawn below: with its buttons, or with its progress
        if plans and entry is plans[-1]:  # it stays where it was approved
            _agent(turn)
            turn = []
            with st.chat_message("assistant", avatar=AGENT):
                plan.kept(record, (entry.asked or {}).get("plan") or {})
            continue
        if entry is last and record.status == "finished" and record.best is not None:
            _agent(turn)
            turn = []
            _result(folder, record, entry.text)
            continue
        if entry.step is not None and entry.step.name != "define" and entry.step.round != number:
            number = entry.step.round
            turn.append(f'<div class="ss-round">{escape(t("round", number=number))}</div>')
        turn.append(_line(entry))
    if record.status == "stopped" and record.error and not _is_told(story, record.error):
        turn.append(widgets.message("info", plain_words.for_page(record.error)))  # a process that died could not
    _agent(turn)


def _end_of_work(story: Story) -> Entry | None:
    """The last words of what was made; answers to questions after it are words too, and make nothing."""
    found: Entry | None = None
    worked = False
    for entry in story.entries:
        worked = worked or entry.step is not None
        if entry.kind == "summary" and worked:
            found, worked = entry, False
    return found


def _result(folder: Path, record: RunRecord, said: str) -> None:
    """The end: plain words first, images, what to do next; what the agent said itself is folded."""
    with st.chat_message("assistant", avatar=AGENT):
        widgets.plain(t("done_shown" if record.few else "done", names=_names(record)), "title")
        results.card(folder, record)
        with st.container(horizontal=True):
            for page, icon in (("tryit", "photo_camera"), ("take", "download"), ("review", "fact_check")):
                if st.button(t(f"next_{page}"), icon=f":material/{icon}:", key=f"next-{page}",
                             type="primary" if page == "tryit" else "secondary"):  # fmt: skip
                    session.go(page)
        results.images(folder, record)
        with st.expander(t("own_words"), icon=":material/notes:"):
            widgets.plain(plain_words.for_page(said).replace(_ITEM, _DOT))


def _names(record: RunRecord) -> str:
    return t("comma").join(plain_words.several(name, 2) for name in widgets.class_names(record))


def _is_told(story: Story, error: str) -> bool:
    return any(e.kind == "stopped" and e.text == error for e in story.entries[-1:])


def _agent(turn: list[str]) -> None:
    if turn:
        with st.chat_message("assistant", avatar=AGENT):
            st.html(f'<div class="ss-steps">{"".join(turn)}</div>')


def _line(entry: Entry) -> str:
    """One thing said or done (HTML)."""
    if entry.step is not None:
        return _step(entry.step)
    if entry.kind in ("failed", "stopped"):
        said = plain_words.with_way(entry.text, entry.code, entry.data)
        return widgets.message("error" if entry.kind == "failed" else "info", said)
    if entry.kind == "question" and entry.asked and entry.asked.get("kind") == "approve":
        return f'<div class="ss-note">{escape(t("plan_was_shown"))}</div>'
    text = escape(plain_words.for_page(entry.text))
    if entry.kind in ("note", "warning"):
        return f'<div class="ss-note">{text}</div>'
    return f'<div class="ss-text ss-said">{text.replace(_ITEM, _DOT)}</div>'


def _step(step: Step) -> str:
    unit = {"train": "epochs_count"}.get(step.name, "pictures_count")
    count = f" · {t(unit, count=step.counted)}" if step.name in _COUNTED and step.counted else ""
    return (
        f'<div class="ss-step {step.state}"><em>{_MARKS[step.state]}</em>'
        f"<span>{escape(t(f'stage_{step.name}'))}{escape(count)}</span><small>{widgets.duration(step.seconds)}</small></div>"
    )


def _now(folder: Path, story: Story, record: RunRecord) -> None:
    """The step in hand: how far, how long yet, and what there is to see of it."""
    step = story.running
    with st.chat_message("assistant", avatar=AGENT):
        if step is None:
            st.html(f'<div class="ss-now"><span>{escape(t("thinking"))}</span></div>')
            return
        share = step.done / step.total if step.total else 0.0
        left = "" if step.seconds_left is None else " · " + t("left", time=widgets.duration(step.seconds_left))
        count = f"{step.done} / {step.total}" if step.total else ""
        st.html(
            f'<div class="ss-now"><span>{escape(t("round", number=step.round))} · {escape(t(f"stage_{step.name}"))}'
            f"</span><small>{escape(count + left)}</small></div>"
            f'<div class="ss-track" role="progressbar" aria-valuenow="{100 * share:.0f}">'
            f'<b style="width:{100 * share:.1f}%"></b></div>'
        )
        watch.newest(folder, record, step.name, step.round)
        if step.name == "train" and story.losses.get(step.round):
            with st.expander(t("curves"), icon=":material/monitoring:"):
                _curves(story, step.round)


def _curves(story: Story, number: int) -> None:
    epochs = sorted(story.losses[number].items())
    loss = Line(t("loss"), [(float(e), value) for e, (value, _) in epochs])
    score = Line(t("validation"), [(float(e), s) for e, (_, s) in epochs if s is not None])
    left, right = st.columns(2)
    with left:
        widgets.chart([loss], t("epoch"))
    with right:
        widgets.chart([score], t("epoch"), 1.0)


# What the person can say ----------------------------------------------------------------------------------------------


def _below(folder: Path, record: RunRecord) -> None:
    if record.status == "running":
        _replied(folder)
        word = st.chat_input(t("ask_running"), key=f"busy-{record.name}", max_chars=2000)
        if word:
            _say(folder, word)
        return
    if record.status == "needs_answer" and record.question is not None:
        _waiting(folder, record)
        return
    if cost := plain_words.model_cost(record):
        widgets.plain(cost, "small")
    without_model = record.error_code == Code.WITHOUT_MODEL
    with st.container(horizontal=True):
        if record.status == "finished":
            if st.button(t("one_more_round"), icon=":material/replay:", key="more", help=t("one_more_round_help")):
                _go_on(folder, more_rounds=1)
        else:
            if without_model and st.button(t("resume_offline"), key="resume_offline", type="primary"):
                _go_on(folder, llm="offline")
            if st.button(t("resume"), icon=":material/play_arrow:", key="resume",
                         type="secondary" if without_model else "primary"):  # fmt: skip
                _go_on(folder)
    _replied(folder)
    word = st.chat_input(t("ask_about"), key=f"next-{record.name}", max_chars=2000)
    if word:
        _say(folder, word)


def _say(folder: Path, word: str) -> None:
    """A question about this project, or what should change; a plan that comes of it is shown like any other."""
    with st.chat_message("user", avatar=PERSON):
        widgets.plain(word)
    with widgets.told(), st.spinner(t("starting")):
        reply = asked.ask(folder, word, session.connection(), visitor=login.is_shared())
        st.session_state["reply"] = (folder.name, word, reply)
        session.choose_run(reply.run)
        st.rerun()


def _replied(folder: Path) -> None:
    """The latest answer, where the story does not hold it: a refusal, or a word that is heard later."""
    name, word, reply = st.session_state.get("reply", ("", "", None))
    if reply is None or name != folder.name or any(e.text == reply.text for e in session.story(folder).entries):
        return
    with st.chat_message("user", avatar=PERSON):
        widgets.plain(word)
    with st.chat_message("assistant", avatar=AGENT):
        widgets.plain(plain_words.with_way(reply.text, reply.code, reply.data))


def _waiting(folder: Path, record: RunRecord) -> None:
    question = record.question or {}
    with st.chat_message("assistant", avatar=AGENT):
        if question.get("kind") == "approve":
            if question.get("reply"):
                widgets.plain(plain_words.for_page(question["reply"]))
            plan.card(record)
            with st.container(horizontal=True):
                if st.button(t("approve"), type="primary", icon=":material/check:", key="approve"):
                    _go_on(folder, answer="yes")
                if st.button(t("refuse"), key="refuse"):
                    _go_on(folder, answer="no")
            widgets.plain(t("change_hint"), "small")
        else:
            widgets.plain(
                plain_words.with_way(question.get("question", ""), question.get("code"), question.get("data") or {})
            )
            for number, option in enumerate(question.get("options") or []):
                if st.button(widgets.label(option), key=f"option-{number}"):
                    _go_on(folder, answer=str(option))
            if record.few is None:
                with st.expander(t("show_title"), icon=":material/photo_camera:"):
                    show.render(record.name, "", lambda _name, few, more: _go_on(folder, few=few, unlabelled=more))
    answer = st.chat_input(t("answer"), key=f"answer-{record.name}", max_chars=4000)
    if answer:
        _go_on(folder, answer=answer)


def _go_on(
    folder: Path, *, answer: str | None = None, more_rounds: int = 0, llm: str | None = None, few: Path | None = None,
    unlabelled: Path | None = None,
) -> None:  # fmt: skip
    with widgets.told(), st.spinner(t("starting")):
        detached.go_on(
            folder, session.connection(), answer=answer, more_rounds=more_rounds, llm=llm, few=few,
            unlabelled=unlabelled, visitor=login.is_shared(),
        )  # fmt: skip
        st.rerun()
