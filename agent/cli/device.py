"""The commands for small devices: other forms of a model, what each costs, and networks of other sizes beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from agent.cli.options import DEFAULT_RUNS, RunsDir, finite
from tools.core.files import json_text

_SETS = {"synthetic_test": "synthetic test", "real_test": "real photos (test)"}


def export_forms(
    run: str, forms: Sequence[str], real: Path | None, out: Path | None, runs_dir: Path, as_json: bool,
    prune: float | None = None, minutes: float | None = None,
) -> None:  # fmt: skip
    """`sightsmith export RUN --to FORM`: for a run, or for a file of weights."""
    from tools.core.errors import FixArguments
    from tools.core.settings import Settings
    from tools.edge.export import export_file, export_to
    from tools.steps.export_model import cpu_threads

    if minutes is not None and prune is None:
        raise FixArguments("--minutes is how long --prune may train; forms of the model as it is train nothing")
    names = [name.strip() for text in forms for name in text.split(",") if name.strip()]
    if Path(run).is_file():
        if prune is not None:
            raise FixArguments("--prune is for a run: what is left out is mended by training on its pictures")
        target = out or Path(f"{Path(run).stem}_export")
        rows, notes, folder = export_file(Path(run), names, target, real, Settings(runs_dir=runs_dir))
    else:
        from agent.cli.console import Console as Live
        from agent.report.write import write_report
        from agent.run_folder import lock, open_run

        if real is not None or out is not None:
            raise FixArguments("--real and --out are for a file of weights; a run has its own photos and folder")
        context = open_run(runs_dir / run)
        live = Live(quiet=as_json)
        context.listen(live.on_event)
        with lock(context.folder), live:
            rows, notes = export_to(context, names, prune, None if minutes is None else minutes * 60)
            context.save()
            write_report(context)
        folder = context.folder / "export"
    if as_json:
        typer.echo(json_text({"folder": str(folder), "rows": [row.plain() for row in rows], "notes": notes}))
        return
    print_rows([row.plain() for row in rows], cpu_threads())
    for note in notes:
        typer.echo(note)
    typer.echo(f"written to {folder}")


def compare(
    run: Annotated[str, typer.Argument(help="A run with a trained model.")],
    sizes: Annotated[str, typer.Option(help="Networks to train on the same pictures, of n, s, m, l, x.")] = "n,s,m",
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Also in these forms: onnx-int8, openvino, ncnn, torchscript.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.5, callback=finite, help="Each training may take; default: all its epochs.")
    ] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the tables as JSON.")] = False,
) -> None:
    """Train larger and smaller networks on a run's images and show what each scores and costs; the run stays."""
    from agent.cli.console import Console as Live
    from agent.report.write import write_report
    from agent.run_folder import lock, open_run
    from tools.edge.compare import compare_sizes
    from tools.steps.export_model import cpu_threads

    wanted = [name.strip() for name in sizes.split(",") if name.strip()]
    forms = [name.strip() for text in to or [] for name in text.split(",") if name.strip()]
    context = open_run(runs_dir / run)
    live = Live(quiet=as_json)
    context.listen(live.on_event)
    with lock(context.folder), live:
        rows = compare_sizes(context, wanted, forms, None if minutes is None else minutes * 60)
        context.save()
        write_report(context)
    if as_json:
        typer.echo(json_text(rows))
    else:
        print_rows(rows, cpu_threads())


def print_rows(rows: Sequence[Mapping[str, Any]], threads: int) -> None:
    """A line for each form: size, time, and on each set the score and what is lost against the first line."""
    sets = [on for on in _SETS if any(on in row["scores"] for row in rows)]
    threaded = f"{threads} thread{'s' * (threads != 1)}"
    table = Table(title=f"One look at one picture, {threaded}; lost: what the first scores more")
    for column in ("form", "file", "MB", "ms", "times as fast", *(f"score on {_SETS[on]} (lost)" for on in sets)):
        table.add_column(column, justify="left" if column in ("form", "file") else "right")
    for row in rows:
        time = "on the device" if row["ms"] is None else f"{row['ms']:.1f}"
        speed = "" if row["speed"] is None else f"{row['speed']:.2f}"
        scores = [f"{row['scores'][on]:.3f} ({row['loss'][on]:+.3f})" if on in row["scores"] else "" for on in sets]
        table.add_row(row["form"], row["product"], f"{row['mb']:.1f}", time, speed, *scores)
    Console(highlight=False, width=None if Console().is_terminal else 140).print(table)
