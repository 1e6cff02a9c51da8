"""Which names can be drawn here: what a class means, and what the engine of a run has for it."""
