"""What the pages share: the style sheet, plain text, errors as sentences, bars and tables."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path

import streamlit as st

from agent.detached import current
from agent.report.charts import HEIGHT, WIDTH, Line, line_chart
from agent.report.write import minutes
from tools.core.database import explain_database_error, is_damaged
from tools.core.errors import FixArguments, SightsmithError
from tools.core.files import explain_os_error
from tools.runs.runtime import RunRecord
from ui import plain_words, session
from ui.session import t

_CHART_COLOURS = ("#2c9478", "#d08a2e", "#5b7fd1", "#b25a9c", "#7a8a2c", "#8a6d5b")
_CHART = (
    "text{font:11px system-ui,sans-serif;fill:#858d8b}.grid{stroke:#858d8b;opacity:.25}.line{fill:none;stroke-width:2}"
    + "".join(f".line.l{n}{{stroke:{c}}}.dot.l{n},.end.l{n}{{fill:{c}}}" for n, c in enumerate(_CHART_COLOURS, 1))
)
STATUS_ICONS = {"running": "●", "needs_answer": "?", "finished": "✓", "failed": "!", "stopped": "‖"}


_spoken = st.components.v2.component(
    "sightsmith.spoken", js="export default function (c) { document.documentElement.lang = c.data.language; }"
)


def spoken(language: str) -> None:
    """Tell the browser the page's language: a screen reader takes its voice by it."""
    _spoken(key="spoken", data={"language": language})


def style() -> None:
    """Our style sheet, and none of the default template's extras."""
    st.html(Path(__file__).with_name("style.css"))


def header(title: str, about: str = "") -> None:
    """The head of a page."""
    line = f"<p>{escape(about)}</p>" if about else ""
    st.html(f'<header class="ss-head"><h1>{escape(title)}</h1>{line}</header>')


def plain(text: object, kind: str = "") -> None:
    """Text as it is: nothing in it is markup."""
    st.html(f'<div class="ss-text {kind}">{escape(str(text))}</div>')


def label(text: object) -> str:
    """Text for the label of a widget, which takes Markdown: every sign stands for itself."""
    line = " ".join(str(text).split())
    signs = "".join(f"\\{c}" if c.isascii() and not c.isalnum() and c != " " else c for c in line)
    return signs.replace(":", ":\u2060")  # a word joiner: neither an emoji nor an icon has one in its name


def say(kind: str, text: str) -> None:
    """A message box: error, warning, info or success."""
    st.html(message(kind, text))


def message(kind: str, text: str) -> str:
    """A message box (HTML)."""
    icons = {"error": "!", "warning": "!", "info": "i", "success": "✓"}
    role = "alert" if kind == "error" else "status"
    return f'<div class="ss-say ss-{kind}" role="{role}"><b>{icons[kind]}</b><span>{escape(text)}</span></div>'


@contextmanager
def told() -> Iterator[None]:
    """Whatever goes wrong in here is said in one sentence, and the page goes on."""
    try:
        yield
    except (SightsmithError, OSError, sqlite3.DatabaseError) as error:
        say("error", explained(error))


def explained(error: Exception) -> str:
    """What went wrong, in one sentence."""
    if isinstance(error, OSError):
        return explain_os_error(error, session.runs_dir())
    if isinstance(error, sqlite3.DatabaseError):
        damage = explain_database_error(error, session.runs_dir()) if is_damaged(error) else None
        return damage or t("disk", problem=error)
    if isinstance(error, SightsmithError):
        return plain_words.with_way(str(error), error.code, error.data)
    return plain_words.for_page(str(error))


def open_page(title: str, about: str) -> tuple[Path, RunRecord] | None:
    """The head of a page about a run, and the run; says so where there is none."""
    header(title, about)
    return need_run()


def open_model_page(title: str, about: str) -> tuple[Path, RunRecord] | None:
    """`open_page` of a page about a model; says so where the run has none yet."""
    found = open_page(title, about)
    if found is not None and found[1].best is None:
        empty(t("no_model"), t("no_model_about"))
        return None
    return found


def need_run() -> tuple[Path, RunRecord] | None:
    """The run that is looked at; says so where there is none."""
    name = session.run_name()
    if name is None:
        empty(t("no_run"), t("no_run_about"))
        return None
    folder = session.runs_dir() / name
    try:
        return folder, current(folder)
    except FixArguments as error:
        say("error", explained(error))
        return None


def empty(title: str, about: str) -> None:
    """What a page shows when there is nothing to show yet."""
    st.html(f'<div class="ss-empty"><h2>{escape(title)}</h2><p>{escape(about)}</p></div>')


def badge(status: str) -> str:
    """A run's state as a small plate (HTML)."""
    return f'<span class="ss-badge ss-{status}">{STATUS_ICONS[status]} {escape(t(f"status_{status}"))}</span>'


def facts(rows: Sequence[tuple[str, object]]) -> str:
    """Names and values side by side (HTML)."""
    lines = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in rows)
    return f'<dl class="ss-facts">{lines}</dl>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain texts (HTML)."""
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    inner = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="ss-scroll"><table class="ss-table">{inner}</table></div>'


def bar(share: float, text: str, *, low: float | None = None, high: float | None = None, weak: bool = False) -> str:
    """A bar on 0..1 with its interval (HTML)."""
    share = min(1.0, max(0.0, share))
    reach = ""
    if low is not None and high is not None:
        reach = f'<i style="left:{100 * low:.1f}%;width:{100 * max(0.004, high - low):.1f}%"></i>'
    kind = " ss-weak" if weak else ""
    return (
        f'<div class="ss-bar{kind}"><div><b style="width:{100 * share:.1f}%"></b>{reach}</div>'
        f"<span>{escape(text)}</span></div>"
    )


def chart(lines: Sequence[Line], x_name: str, y_top: float | None = None) -> None:
    """Curves, as an image in greys that are read on light and on dark ground alike; names are told below."""
    lines = [line for line in lines if line.points]
    svg = line_chart([Line("", line.points) for line in lines], x_name, y_top)
    if not svg:
        return
    opening, rest = svg.split(">", 1)
    named = opening.replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" ')
    said = t("comma").join(f"{line.name}: {line.points[-1][1]:.3g}" for line in lines)
    st.image(f"{named}><style>{_CHART}</style>{rest}", width="stretch", alt=t("chart_alt", lines=said))
    dots = "".join(
        f'<span><i class="ss-dot" style="background:{colour}"></i>{escape(line.name)}</span>'
        for line, colour in zip(lines, _CHART_COLOURS, strict=False)
    )
    st.html(f'<div class="ss-legend">{dots}</div>')


def objects(count: int) -> str:
    """How many objects, in words."""
    return t("object_one") if count == 1 else t("objects", count=count)


def duration(seconds: float) -> str:
    """Seconds in words."""
    return minutes(max(0.0, seconds))


def class_names(record: RunRecord) -> list[str]:
    """Classes of a run's task; empty before there is one."""
    return record.task.class_names if record.task else []
