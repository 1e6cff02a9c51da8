"""The command that runs a run's model on images and videos. Heavy imports happen inside it."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from agent.cli.options import DEFAULT_RUNS, RunsDir
from tools.core.files import json_text


def predict(
    run: Annotated[str, typer.Argument(help="Name of the run.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures and videos, or folders of them.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; default: predictions/ in the run.")] = None,
    confidence: Annotated[float | None, typer.Option(min=0, max=1, help="Default: the working threshold.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Of a video each nth frame.")] = 1,
    line: Annotated[
        list[str] | None, typer.Option("--line", help="Count what crosses x1,y1,x2,y2 of a video; may be repeated.")
    ] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option("--zone", help="Count what stands in x1,y1,x2,y2 or a polygon of a video; may be repeated."),
    ] = None,
    tracker: Annotated[
        Literal["bytetrack", "botsort"], typer.Option(help="botsort follows a moving camera, and takes longer.")
    ] = "bytetrack",
    runs_dir: RunsDir = DEFAULT_RUNS,
) -> None:
    """Run a run's best model on images (drawn masks, JSON) and videos (drawn, tracked and counted; CSV, JSON)."""
    from tools.core.errors import FixArguments
    from tools.models.predict import Predictor
    from tools.models.predict_files import predict_files
    from tools.runs.runtime import read_record, without_model
    from tools.video.watch import Watching, watch_files

    record = read_record(runs_dir / run)
    if record.best is None:
        raise without_model(runs_dir / run)
    threshold = record.best.threshold if confidence is None else confidence
    weights, target = runs_dir / run / record.best.weights, out or runs_dir / run / "predictions"
    photos, videos = _sorted_out(images)
    if not videos and (line or zone):
        raise FixArguments("--line and --zone count in videos, and none is given")
    result: dict[str, Any] = {}
    if photos or not videos:
        result = predict_files(weights, photos, target, threshold)
    if videos:
        how = Watching(max(threshold, 0.01), every, line or [], zone or [], tracker)
        result["videos"] = watch_files(Predictor.load(weights), videos, target, how)
    typer.echo(json_text(result, indent=2))
    if (unsure := result.get("unsure")) is not None:
        by_photos = confidence is not None or record.real is not None or record.few is not None
        typer.echo(_hint(unsure, result["pictures"], threshold, by_photos=by_photos), err=True)


def _hint(unsure: dict[str, Any], images: int, threshold: float, *, by_photos: bool) -> str:
    """What to do where things are seen and none is sure enough; in photos without the thing that is as it should be."""
    lower = math.floor(100 * unsure["surest"]) / 100
    said = (
        f"In {unsure['empty']} of {images} pictures nothing is as sure as {threshold:.2f}. Below it something is "
        f"seen, mostly at {unsure['surest']:.2f}, right or wrong: --confidence {lower:.2f} shows it."
    )
    chosen = " The value was chosen on rendered pictures; labelled photos (--real DIR) choose it better."
    return said if by_photos else said + chosen


def _sorted_out(given: list[Path]) -> tuple[list[Path], list[Path]]:
    """Images, or folders that hold some, and videos."""
    from tools.data.images import is_image
    from tools.data.videos import is_video

    images: list[Path] = []
    videos: list[Path] = []
    for path in given:
        if not path.is_dir():
            (videos if is_video(path) else images).append(path)
            continue
        inside = sorted(p for p in path.iterdir() if is_video(p))
        videos += inside
        if not inside or any(map(is_image, path.iterdir())):
            images.append(path)
    return images, videos
