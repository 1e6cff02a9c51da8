"""The command line: build, resume, show, doctor, audit, predict, ui... Heavy imports happen inside the commands."""

import io
import json
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent.cli.cvat import cvat
from agent.cli.describe import describe
from agent.cli.device import compare
from agent.cli.edge import STOPPED, readable, use_everywhere
from agent.cli.improve import improve
from agent.cli.label import convert, label, learn
from agent.cli.mcp import mcp
from agent.cli.options import DEFAULT_RUNS, RunsDir, finite
from agent.cli.predict import predict
from agent.cli.privacy import anonymise, erase
from agent.cli.service import keys, serve
from agent.cli.settings import settings
from agent.cli.talk import ask, chat
from tools.core.files import json_text
from tools.core.threads import prepare_for_torch

if TYPE_CHECKING:
    from tools.runs.runtime import RunContext

app = typer.Typer(
    name="sightsmith", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="One sentence in, a tested image recogniser out.",
)  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", help="Approve the plan without asking.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print run.json at the end, and nothing else, on stdout.")]
EngineName = Literal["local", "ray"]


def main() -> None:
    """Entry point of the console script."""
    prepare_for_torch()
    _log_quietly()
    signal.signal(signal.SIGTERM, _stop)  # as Ctrl-C: what is half-written is cleared away
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal's encoding lacks is shown by its escapes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except SystemExit as end:  # 1 is typer's own for what was stopped before a command began
        sys.exit(STOPPED if end.code == 1 else end.code)


def _stop(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _log_quietly() -> None:
    """Warnings and tracebacks go to stderr, without keys and passwords."""
    from tools.core.secrecy import QuietFormatter, print_quietly

    handler = logging.StreamHandler()
    handler.setFormatter(QuietFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    sys.excepthook = print_quietly


@app.command()
def build(
    request: Annotated[
        str, typer.Argument(help='What to recognise, e.g. "build me an apple segmenter".', callback=readable)
    ],
    effort: Annotated[Literal["quick", "standard", "thorough"] | None, typer.Option(help="One dial for size.")] = None,
    real: Annotated[Path | None, typer.Option(help="Real labelled photos to measure on; never trained on.")] = None,
    assets: Annotated[Path | None, typer.Option(help="Folder of .glb/.obj/.blend models.")] = None,
    few: Annotated[
        Path | None,
        typer.Option(help="A few photos or a video of the thing, with labels or without: it is learnt from them."),
    ] = None,
    unlabelled: Annotated[
        Path | None,
        typer.Option(
            help="Photos without labels: later pictures show such places; learnt from if --real says it helps."
        ),
    ] = None,
    cutouts: Annotated[Path | None, typer.Option(help="Cut-outs to paste: PNGs of single things.")] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="Photos to paste on, without what is to be found.")] = None,
    engine: Annotated[EngineName | None, typer.Option(help="ray: make, score and label pictures on a cluster.")] = None,
    address: Annotated[str | None, typer.Option(help="Head of the Ray cluster; default: this machine.")] = None,
    profile: Annotated[Literal["auto", "offline"] | None, typer.Option(help="offline: no key, no hub.")] = None,
    llm: Annotated[str | None, typer.Option(help="Chat model, 'offline' for the built-in planner.")] = None,
    images: Annotated[int | None, typer.Option(min=8, help="Pictures to generate in all.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, max=20)] = None,
    minutes: Annotated[float | None, typer.Option(min=0.5, callback=finite, help="Wall-clock limit.")] = None,
    money: Annotated[
        float | None,
        typer.Option(min=0, callback=finite, help="US dollars that image services and language model may cost in all."),
    ] = None,
    size: Annotated[int | None, typer.Option(min=64, max=2048, help="Side of a picture in pixels.")] = None,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    model: Annotated[
        Literal["n", "s", "m", "l", "x"] | None, typer.Option(help="Size of the network; n is the fastest.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Name of the run.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a recogniser from one sentence."""
    from agent.run_folder import start_run
    from tools.core.settings import Settings

    given: dict[str, Any] = {
        "effort": effort, "profile": profile, "llm": llm, "size_px": size, "seed": seed, "runs_dir": runs_dir,
        "model": f"yolo11{model}" if model else None,
        **_folders(cutouts, backgrounds, few), **_cluster(engine, address),
    }  # fmt: skip
    settings = Settings(**{k: v for k, v in given.items() if v is not None})
    context = start_run(
        request, settings, name=run, real=real, assets=assets, few=few, unlabelled=unlabelled, auto_approve=yes,
        options={"images": images, "rounds": rounds, "minutes": minutes, "money": money, "effort": effort},
    )  # fmt: skip
    _work(context, as_json)


@app.command()
def resume(
    run: Annotated[str, typer.Argument(help="Name of the run.")],
    answer: Annotated[
        str | None, typer.Option(help="Answer to the question it stopped with.", callback=readable)
    ] = None,
    llm: Annotated[str | None, typer.Option(help="Go on with another chat model.")] = None,
    engine: Annotated[EngineName | None, typer.Option(help="Go on here (local) or on a cluster (ray).")] = None,
    address: Annotated[str | None, typer.Option(help="Head of the Ray cluster.")] = None,
    more_rounds: Annotated[int, typer.Option(min=0, max=20, help="Add rounds to a finished run.")] = 0,
    few: Annotated[
        Path | None,
        typer.Option(help="Photos or a video of the thing, for a run that asks what it is: with labels or without."),
    ] = None,
    unlabelled: Annotated[
        Path | None, typer.Option(help="With --few: more photos, which join where that helps.")
    ] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped, killed, needs an answer, or is to have more rounds."""
    from agent.run_folder import open_run, show_photos
    from tools.core.answers import SHOWN
    from tools.core.errors import FixArguments
    from tools.core.files import clear_leftovers
    from tools.runs.runtime import read_record

    record = read_record(runs_dir / run)
    if few is not None:
        show_photos(runs_dir / run, few, unlabelled)
    elif unlabelled is not None:
        raise FixArguments("--unlabelled goes with --few here: photos beside those that show the thing.")
    if record.status == "finished" and not more_rounds:
        clear_leftovers(runs_dir / run)  # it may have been killed at its last word
        typer.echo(f"{run} is finished; see: sightsmith show {run}", err=True)
        return
    if few is not None:
        answer = SHOWN if record.status == "needs_answer" and answer is None else answer
    changes = {k: v for k, v in _cluster(engine, address).items() if v is not None}
    _work(open_run(runs_dir / run, auto_approve=yes, llm=llm, changes=changes), as_json, answer, more_rounds)


@app.command()
def runs(runs_dir: RunsDir = DEFAULT_RUNS, as_json: AsJson = False) -> None:
    """List runs, newest first."""
    from agent.cli.console import print_runs
    from agent.run_folder import list_runs

    records = list_runs(runs_dir)
    if as_json:
        typer.echo(json_text([r.model_dump(mode="json") for r in records]))
    else:
        print_runs(records, runs_dir)


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="Name of the run.")],
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Show what a run did and what its model scores."""
    from agent.cli.console import print_record
    from tools.runs.runtime import read_record

    record = read_record(runs_dir / run)
    if as_json:
        typer.echo(json_text(record.model_dump(mode="json")))
    else:
        print_record(record, runs_dir / run)


@app.command()
def doctor(
    profile: Annotated[Literal["auto", "offline"] | None, typer.Option(help="offline: never look outside.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Show which engines this machine can run, which are taken and why, and what to install for more."""
    from tools.core.settings import Settings

    settings = Settings() if profile is None else Settings(profile=profile)
    from agent.cli.console import print_doctor, print_libraries
    from agent.llm import choose
    from tools.generators.blender.models.libraries import ModelLibraries, about_libraries
    from tools.runs.profile import choices, look

    machine = look(settings)
    rows = choices(settings, machine)
    libraries = about_libraries(ModelLibraries.of(settings))
    if as_json:
        values = {"machine": vars(machine), "llm": choose(settings).why, "engines": [row._asdict() for row in rows]}
        typer.echo(json.dumps(values | {"model_libraries": libraries}))
    else:
        print_doctor(machine, choose(settings).why, rows)
        print_libraries(libraries, settings.models.dir)


@app.command()
def audit(
    run: Annotated[str, typer.Argument(help="Name of a run whose pictures have exact masks.")],
    detector: Annotated[str | None, typer.Option(help="Folder or name of a detector that hears words.")] = None,
    segmenter: Annotated[str | None, typer.Option(help="'grabcut', or a file, folder or name of a SAM.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
) -> None:
    """Measure automatic labels on a run's exact masks: how far can they be trusted for these classes?"""
    from agent.run_folder import lock, open_run
    from tools.annotators.audit import sentence
    from tools.steps.annotate import audit_run

    context = open_run(runs_dir / run)
    changes = {"detector": detector, "segmenter": segmenter}
    context.settings = context.settings.model_copy(update={k: v for k, v in changes.items() if v is not None})
    with lock(context.folder):
        typer.echo(sentence(audit_run(context)))


@app.command()
def export(
    run: Annotated[str, typer.Argument(help="Name of the run; with --to also a file of weights, .safetensors or .pt.")],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="yolo, coco, voc, cvat: all by default; labelme, label-studio, hugging-face, masks; "
            "llava, sharegpt, coco-captions: words on renders.",
        ),
    ] = None,
    boxes: Annotated[
        str | None, typer.Option(help="visible or whole: boxes of what is seen, or of the whole object.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", help="The model for small devices: onnx-int8, openvino, ncnn, tflite, coreml or torchscript."
        ),
    ] = None,
    prune: Annotated[
        float | None,
        typer.Option(help="Also a narrower model: without this share of its hidden channels, trained again."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.5, callback=finite, help="With --prune: its training may take.")
    ] = None,
    real: Annotated[Path | None, typer.Option(help="With a file of weights: labelled photos to measure on.")] = None,
    out: Annotated[Path | None, typer.Option(help="With a file of weights: folder to write.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="With --to: print the table as JSON.")] = False,
) -> None:
    """Write a run's data set and model for other tools, or with --to its model (or a .pt file) for small devices."""
    if to or prune is not None:
        from agent.cli.device import export_forms

        export_forms(run, to or [], real, out, runs_dir, as_json, prune, minutes)
        return
    if real or out or as_json or minutes:
        given = [f"--real {real}"] * bool(real) + [f"--out {out}"] * bool(out) + ["--json"] * as_json
        given += [f"--minutes {minutes}"] * bool(minutes)
        raise typer.BadParameter(f"{', '.join(given)}: this goes with --to, which names a form of the model")
    from agent.run_folder import lock, open_run
    from tools.data.boxes import convention_named
    from tools.steps.export_dataset import export
    from tools.steps.export_model import export_best

    context = open_run(runs_dir / run)
    with lock(context.folder):
        typer.echo(export(context, formats, convention_named(boxes)))
        if context.record.best is not None:
            typer.echo(export_best(context))


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; anything but this machine's own wants a login.")] = (
        "127.0.0.1"
    ),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    runs_dir: RunsDir = DEFAULT_RUNS,
) -> None:
    """Open the chat page: talk, watch, correct, download."""
    from agent.cli.serve import serve

    serve(runs_dir, host, port, open_browser=browser)


app.command()(label)
app.command()(convert)
app.command()(learn)
app.command()(predict)
app.command()(improve)
app.command()(compare)
app.command()(serve)
app.command()(mcp)
app.command()(describe)
app.command()(anonymise)
app.command()(erase)
app.command()(ask)
app.command()(chat)
app.command()(settings)
app.add_typer(keys, name="keys")
app.add_typer(cvat, name="cvat")
use_everywhere(app)


def _folders(cutouts: Path | None, backgrounds: Path | None, few: Path | None) -> dict[str, Any]:
    """Settings of --cutouts and --backgrounds: who names cut-outs wants them pasted.

    Raises:
        FixArguments: there is no such folder, or two flags do not go together.
    """
    from tools.core.errors import FixArguments

    for flag, folder in (("--cutouts", cutouts), ("--backgrounds", backgrounds)):
        if folder is not None and not folder.is_dir():
            raise FixArguments(f"{flag} {folder}: there is no such folder")
    if cutouts is not None and few is not None:
        raise FixArguments("--few cuts things out of its own photos; leave --cutouts out")
    if backgrounds is not None and cutouts is None and few is None:
        raise FixArguments("--backgrounds needs something to paste on them: add --cutouts DIR or --few DIR")
    generator = None if cutouts is None else "copy_paste"
    folders = {"cutouts_dir": cutouts, "backgrounds_dir": backgrounds}
    return {"generator": generator, **{k: v.resolve() if v else None for k, v in folders.items()}}


def _cluster(engine: str | None, address: str | None) -> dict[str, str | None]:
    """Settings of --engine and --address: who names an address wants it used.

    Raises:
        FixArguments: Ray is not installed, or an address is none or is given to the local engine.
    """
    from tools.core.errors import FixArguments
    from tools.core.setting_groups import check_ray_address

    if engine == "local" and address is not None:
        raise FixArguments("--address goes with --engine ray")
    try:
        check_ray_address(address)
    except ValueError as error:
        raise FixArguments(f"--address {error}") from None
    if engine == "ray" or address is not None:
        from tools.cluster import missing

        if problem := missing():
            raise FixArguments(problem)
        engine = "ray"
    return {"engine": engine, "ray_address": address}


def _work(context: "RunContext", as_json: bool, answer: str | None = None, more_rounds: int = 0) -> None:
    from agent.cli.console import Console, is_interactive
    from agent.run import ask_nobody, execute

    interactive = is_interactive() and not as_json
    console = Console(quiet=as_json, folder=context.folder)
    context.listen(console.on_event)

    def on_interrupt(_signal: int, _frame: Any) -> None:
        if context.stop_requested.is_set():
            raise KeyboardInterrupt
        context.stop_requested.set()
        console.note("Stopping after the step in hand; press Ctrl-C again to stop at once. Nothing done is lost.")

    signal.signal(signal.SIGINT, on_interrupt)
    signal.signal(signal.SIGTERM, on_interrupt)
    with console:
        code = execute(context, console.ask if interactive else ask_nobody, answer=answer, more_rounds=more_rounds)
    if as_json:
        typer.echo(json_text(context.record.model_dump(mode="json")))
    else:
        console.print_end(context.record, context.folder)
    raise typer.Exit(int(code))


if __name__ == "__main__":
    main()
