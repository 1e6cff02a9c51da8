"""Videos: their frames, what is tracked in them, and what is counted."""
