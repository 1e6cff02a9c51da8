"""A render worker: `python -m tools.generators.blender.worker`, one JSON line in, one out, until stdin ends.

The first line says what is the same for all images; every other one is a scene. Blender writes on stdout when it
likes, so the answers go to a private copy of it and stdout itself leads to stderr.
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, TextIO

log = logging.getLogger(__name__)


def private_stdout() -> TextIO:
    """A stream for answers; whatever else writes to stdout writes to stderr from now on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return answers


def serve(hello: dict[str, Any], requests: TextIO, answers: TextIO) -> None:
    """Render until there are no more requests.

    Args:
        hello: size_px, samples, threads, min_instance_px, avoid, grounds, laid, people, library (`Library.dump`).
        requests: lines of {"id", "scene", "picture"}.
        answers: lines of {"id", "instances", "lookalikes", "notes", "models", "stages_ms", "rss_mb"}, or {"id",
            "error"}.
    """
    import psutil

    from tools.generators.blender import passes
    from tools.generators.blender.library import Library
    from tools.generators.blender.shoot import ShootOptions, shoot
    from tools.scenes.scene import SceneSpec

    library = Library.load(hello["library"])
    options = ShootOptions(
        hello["size_px"],
        hello["samples"],
        hello["threads"],
        hello["min_instance_px"],
        frozenset(hello["avoid"]),
        tuple(hello["grounds"]),
        tuple(hello["laid"]),
        tuple((name, key) for name, key in hello["people"]),
    )
    passes.set_up(options.size_px, options.samples, options.threads)
    process = psutil.Process()
    _say(answers, {"ready": True})
    for line in requests:
        request = json.loads(line)
        answer: dict[str, Any] = {"id": request["id"]}
        try:
            scene = SceneSpec.model_validate(request["scene"])
            shot = shoot(scene, library, options, Path(request["picture"]))
            answer |= {
                "instances": [i.model_dump(mode="json") for i in shot.instances],
                "lookalikes": [i.model_dump(mode="json") for i in shot.lookalikes],
                "notes": shot.notes,
                "models": shot.models,
                "stages_ms": shot.stages_ms,
            }
        except Exception as error:  # one scene's fault must not cost the others; the parent records it
            log.exception("scene %s", request["id"])
            answer["error"] = f"{type(error).__name__}: {error}"
        answer["rss_mb"] = round(process.memory_info().rss / 2**20, 1)
        _say(answers, answer)


def _say(answers: TextIO, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def main() -> None:
    """Read the first line and serve."""
    logging.basicConfig(level=logging.WARNING)
    answers = private_stdout()
    first = sys.stdin.readline()
    if not first:
        return
    try:
        serve(json.loads(first), sys.stdin, answers)
    except BrokenPipeError:
        log.warning("the parent is gone")
    answers.flush()
    # Blender's own shutdown takes half a second and may crash after long runs; nothing is left to save.
    os._exit(0)


if __name__ == "__main__":
    main()
