"""Labels for photos that are there already: found, weighed, queued for a person, and written for other tools."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.label.labeler import AutoLabeler, label_task

__all__ = ["AutoLabeler", "label_task"]


def __getattr__(name: str) -> Any:
    """`from tools.label import AutoLabeler` without loading it where only a part of the package is wanted."""
    if name in __all__:
        from tools.label import labeler

        return getattr(labeler, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
