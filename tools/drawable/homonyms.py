"""Words that mean more than one thing that can be drawn: which, so that the person is asked once."""

from tools.generators.blender.naming import forms, plain

# None of these is a name of one thing alone: as such it would be drawn as that and the other never offered.
HOMONYMS: dict[str, tuple[str, ...]] = {
    "mouse": ("computer mouse", "house mouse"),
}


def meanings_of(word: str) -> list[str]:
    """The keys among which a word is open, in any of its forms; empty when it is not."""
    text = plain(word)
    for name, keys in HOMONYMS.items():
        if text in forms(plain(name)):
            return list(keys)
    return []
