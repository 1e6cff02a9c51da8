"""The run's report: `report.html`, one file with its images inside that needs nothing else, and `report.md`.

Everything in it that a person or a model wrote (request, class names, reasons) is hostile text: the template escapes
all of it, and the charts escape their own.
"""

import logging
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent.report.charts import interval_bar, line_chart
from agent.report.facts import curves_of, facts_of
from agent.report.images import Predictions, contact_sheet, predictions
from agent.report.scores import NO_REAL
from tools.core.errors import SightsmithError, Stopped
from tools.core.files import write_text
from tools.data.scores import EvaluatedOn
from tools.runs.runtime import RunContext

log = logging.getLogger(__name__)


def write_report(run: RunContext) -> Path:
    """Write `report.html` and `report.md` into the run's folder, for a run in whatever state.

    Returns:
        The HTML file.

    Raises:
        OSError: the folder cannot be written.
    """
    facts = facts_of(run)
    images, problem = _predictions(run)
    losses, scores = curves_of(run)
    values: dict[str, Any] = {
        **vars(facts),
        "sheet": contact_sheet(run),
        "predictions": images,
        "predictions_problem": problem,
        "loss_chart": Markup(line_chart(losses, "epoch")),
        "score_chart": Markup(line_chart(scores, "epoch", 1.0)),
        "interval_bar": lambda value, interval: Markup(interval_bar(value, interval)),
        "no_real": NO_REAL,
    }
    _write(run.folder / "report.md", _template("report.md.jinja").render(values))
    page = run.folder / "report.html"
    _write(page, _template("report.html.jinja").render(values))
    return page


def _predictions(run: RunContext) -> tuple[Predictions | None, str]:
    """Best and worst test images, or why there are none to show. Real photos where there are any."""
    best = run.record.best
    if best is None:
        return None, ""
    if run.stop_requested.is_set():
        return None, "The run was stopped, so its model was not asked about pictures for this report."
    if run.record.few is not None and run.record.real is None:
        return None, "No predictions are shown: every photo was learnt from. Look at others with `sightsmith predict`."
    weights = run.path(best.weights)
    if not weights.is_file():
        return None, "The weights are not in the run's folder any more, so no predictions are shown."
    try:
        from tools.metrics.judging import sets_of
        from tools.models.predict import Predictor

        samples = sets_of(run).samples
        tests: list[EvaluatedOn] = [on for on in ("real_test", "synthetic_test") if samples.get(on)]
        if not tests:
            return None, "There is no test picture to show predictions on."
        return predictions(run, Predictor.load(weights), tests[0], samples[tests[0]], best.threshold), ""
    except Stopped:
        raise
    except SightsmithError as error:
        return None, f"No predictions are shown: {error}"
    except Exception as error:  # the report is written also when one part of it cannot be
        log.exception("predictions for the report failed")
        return None, f"No predictions are shown ({type(error).__name__}: {error})."


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("agent.report", "."),
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minutes"] = minutes
    environment.filters["md"] = markdown_text
    return environment


def _template(name: str) -> Any:
    return _environment().get_template(name)


def _write(path: Path, text: str) -> None:
    write_text(path, text, errors="replace")


def minutes(seconds: float) -> str:
    """Seconds in words: "48 s", "3 min 20 s", "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def markdown_text(text: object) -> str:
    """Text that Markdown shows as it is: one line, nothing of it taken for markup or HTML."""
    line = " ".join(str(text).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!~" else c for c in line)
