"""The commands for photos that are there already: label, convert, learn. Heavy imports happen inside them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent.cli.edge import readable
from agent.cli.options import DEFAULT_RUNS, RunsDir, to_read
from tools.core.files import json_text
from tools.data.formats import Form

if TYPE_CHECKING:
    from tools.runs.runtime import RunContext


def label(
    photos: Annotated[list[Path], typer.Argument(help="Photos, videos, folders of them, or zips; they are only read.")],
    classes: Annotated[
        str | None, typer.Option(help='What to label: "apple" or "apple,pear".', callback=readable)
    ] = None,
    kind: Annotated[Literal["segment", "detect", "classify"], typer.Option(help="Masks, boxes or one class.")] = (
        "segment"
    ),
    out: Annotated[Form, typer.Option(help="Format of the labels; class folders for classify.")] = "coco",
    to: Annotated[Path | None, typer.Option(help="Folder to write; default: PHOTOS_labels here.")] = None,
    model: Annotated[
        str | None, typer.Option(help="A run, a weights file, 'open-vocabulary' or 'starter'; default: the best here.")
    ] = None,
    second: Annotated[str | None, typer.Option(help="Another one to ask; where they differ a person looks.")] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(help="Labelled photos (folder, zip, parquet) that say what scores are worth."),
    ] = None,
    precision: Annotated[
        float | None, typer.Option(min=0.05, max=0.99, help="Wanted share of right labels; needs --labelled.")
    ] = None,
    from_boxes: Annotated[bool, typer.Option("--from-boxes", help="PHOTOS has labels: make masks of boxes.")] = False,
    images: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Put the photos beside the labels.")] = (
        True
    ),
    improve: Annotated[
        bool, typer.Option("--improve", help="Improve photos first, if --labelled says that this finds more.")
    ] = False,
    improve_model: Annotated[
        list[Path] | None,
        typer.Option("--improve-model", callback=to_read, help="Model file for --improve; see `sightsmith improve`."),
    ] = None,
    every: Annotated[int | None, typer.Option(min=1, help="Of a video each nth frame; default: one a second.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Label photos: masks or boxes, how far to trust them, and what a person should look at. Goes on when repeated."""
    from agent.cli.console import Console
    from tools.core.errors import FixArguments
    from tools.core.settings import Settings
    from tools.label.command import Labelling, label_photos
    from tools.label.labeler import label_task

    settings = Settings(runs_dir=runs_dir)
    if from_boxes:
        _masks_from_boxes(photos, to, out, settings)
        return
    if classes is None:
        raise FixArguments('--classes: say what to label, e.g. --classes "apple,pear"')
    wanted = Labelling(
        photos, label_task(classes, kind), out, to, model, second, labelled, precision, images,
        improve or bool(improve_model), improve_model or [], every,
    )  # fmt: skip
    console = Console(quiet=as_json)

    def told(done: int, total: int) -> None:
        console.on_event({"kind": "progress", "stage": "label", "done": done, "total": total})

    try:
        with console:
            outcome = label_photos(wanted, settings, told)
    except KeyboardInterrupt:
        typer.echo("Stopped. What is labelled is kept: the same command goes on.", err=True)
        raise typer.Exit(130) from None
    typer.echo(json_text(outcome.plain(), indent=None if as_json else 1))
    if outcome.queue and not as_json:
        typer.echo(
            f"{len(outcome.queue)} photos want a look: sightsmith ui, Correct, {outcome.store.name}; then the same "
            "command again writes what was corrected",
            err=True,
        )


def convert(
    source: Annotated[
        Path, typer.Argument(help="Labelled photos: a folder in any format that is read, a zip, parquet files.")
    ],
    to: Annotated[Path, typer.Argument(help="New folder.")],
    form: Annotated[Form, typer.Option("--format", help="Format to write.")] = "coco",
    images: Annotated[bool, typer.Option("--pictures/--no-pictures", help="Put the photos beside the labels.")] = (
        True
    ),
) -> None:
    """Turn labels of one format into another, and say what was lost."""
    from tools.label.convert import convert_labels

    typer.echo(json_text(convert_labels(source, to, form, images=images).plain(), indent=1))


def learn(
    run: Annotated[str, typer.Argument(help="A finished run that was measured on real photos.")],
    unlabelled: Annotated[
        list[Path] | None,
        typer.Option(help="Photos and videos without labels: what the model is sure of in them is learnt from."),
    ] = None,
    finetune: Annotated[Path | None, typer.Option(help="5 to 50 labelled photos to learn from.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, max=5, help="Of labels by the model itself.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Learn from photos too, never from those that judge; a round stays only if it is better on real photos."""
    from agent.cli.console import Console
    from agent.report.write import write_report
    from agent.run_folder import lock, open_run
    from tools.label.learn import finish
    from tools.label.learn import learn as learn_from
    from tools.steps.export_model import export_best

    context = open_run(runs_dir / run)
    console = Console(quiet=as_json)
    context.listen(console.on_event)
    with lock(context.folder), console:
        said = learn_from(context, unlabelled or [], finetune, rounds)
        if not _is_exported(context):
            export_best(context)
        write_report(context)
        finish(context)
    if as_json:
        typer.echo(said)
        return
    for told in json.loads(said).get("rounds", []):
        typer.echo(_sentence(told))
    for note in json.loads(said).get("notes", []):
        typer.echo(note)
    console.print_end(context.record, context.folder)


def _is_exported(context: "RunContext") -> bool:
    """Whether the model that the run stands for is the one that was exported."""
    source = context.record.exports.get("model", {}).get("source", {})
    return context.record.best is None or bool(source.get("weights") == context.record.best.weights)


def _sentence(told: dict[str, Any]) -> str:
    """What came of a round on photos."""
    if "failed" in told:
        return f"round {told['round']} could not be done: {told['failed']}"
    if told.get("scores_alone"):
        done = "scores corrected by the photos" if told.get("examples") else "too little is found to correct scores by"
    else:
        labels = f" with {told['labels']} labels" if told["labels"] else ""
        done = f"trained on {told['photos']} photos{labels} too"
    score = "" if told.get("real_val") is None else f"{told['real_val']:.2f} on the photos that decide, "
    return f"round {told['round']}, {done}: {score}{'kept' if told['kept'] else 'not better, so not kept'}"


def _masks_from_boxes(photos: list[Path], to: Path | None, out: Form, settings: object) -> None:
    from tools.core.errors import FixArguments
    from tools.core.settings import Settings
    from tools.label.choosing import make_segmenter
    from tools.label.convert import convert_labels

    assert isinstance(settings, Settings)
    if len(photos) != 1:
        raise FixArguments("--from-boxes: give the one folder that holds photos and labels")
    target = to or Path(f"{photos[0].resolve().stem}_masks")
    done = convert_labels(photos[0], target, out, segmenter=make_segmenter(settings))
    typer.echo(json_text(done.plain(), indent=1))
