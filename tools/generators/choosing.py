"""The engine that a run's images come from, by the name in its settings."""

import importlib
from collections.abc import Callable
from pathlib import Path

from tools.core.errors import FixArguments, StepFailed
from tools.generators import Generator
from tools.runs.runtime import RunContext


def make_generator(run: RunContext) -> Generator:
    """The engine of `settings.generation.generator`: "blender", one of `_ENGINES`, or "module:Class" of your own.

    A class of your own must be importable, is called with the run's `Settings`, and inherits
    `tools.generators.Generator`; nothing else is needed to plug it in.

    Raises:
        FixArguments: there is no such engine.
        StepFailed: it cannot run here; the message says what is missing.
    """
    name = run.settings.generation.generator
    engine: Generator
    if name == "blender":
        engine = _blender(run)
    elif name in _ENGINES:
        engine = _ENGINES[name](run)
    else:
        module, _, attribute = name.partition(":")
        try:
            engine = getattr(importlib.import_module(module), attribute)(run.settings)
        except (ImportError, AttributeError, ValueError, TypeError) as error:
            known = ", ".join(repr(n) for n in ("blender", *_ENGINES))
            raise FixArguments(f"generator {name!r}: {error}; use {known} or 'module:Class'") from None
        if not isinstance(engine, Generator):
            raise FixArguments(f"generator {name!r}: {attribute} does not inherit tools.generators.Generator")
    if missing := engine.unavailable():
        raise StepFailed(missing)
    return engine


def _avoid(run: RunContext) -> list[str]:
    """What clutter must not show, unlabelled: what is to be found."""
    return [text for c in run.task.classes for text in (c.name, c.phrase, c.drawn_as)]


def _blender(run: RunContext) -> Generator:
    from tools.generators.blender.engine import make_generator as make
    from tools.generators.blender.flaws import grounds_of, laid_of
    from tools.generators.blender.library import Library
    from tools.generators.blender.people.classes import people_of

    assets = Path(run.record.assets) if run.record.assets else None
    library = Library.of_run(run.folder, assets, run.settings)
    classes, spec_of = run.task.classes, library.spec
    return make(
        run.settings,
        library,
        run.settings.size_px,
        _avoid(run),
        grounds_of(classes, spec_of),
        laid_of(classes, spec_of),
        people_of(classes, spec_of),
    )


def _copy_paste(run: RunContext) -> Generator:
    from tools.generators.copy_paste.engine import make_generator as make

    return make(run.settings, run.settings.size_px, _avoid(run))


def _openai_images(run: RunContext) -> Generator:
    from tools.generators.openai_images import OpenAIImages

    return OpenAIImages(run.settings, run.folder, run.task.budget.money)


def _diffusion(run: RunContext) -> Generator:
    from tools.generators.diffusion import DiffusionGenerator

    return DiffusionGenerator(run.settings)


def _repaint(run: RunContext) -> Generator:
    from tools.generators.repaint import RepaintGenerator

    return RepaintGenerator(_blender(run), run.settings)


# Imported only when chosen.
_ENGINES: dict[str, Callable[[RunContext], Generator]] = {
    "copy_paste": _copy_paste,
    "openai_images": _openai_images,
    "diffusion": _diffusion,
    "repaint": _repaint,
}
