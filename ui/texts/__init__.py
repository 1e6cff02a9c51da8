"""The words of the pages, one file a language, both with the same keys."""

from ui.texts.en import TEXTS as EN
from ui.texts.zh import TEXTS as ZH

__all__ = ["EN", "LANGUAGES", "ZH", "text"]
LANGUAGES = {"en": ("English", EN), "zh": ("中文", ZH)}


def text(language: str, key: str, **values: object) -> str:
    """The words for a key, with values filled in."""
    return LANGUAGES[language][1][key].format(**values)
