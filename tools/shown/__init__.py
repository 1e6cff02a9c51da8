"""A person's own thing, learnt from a few photos of it: reading them, outlining, training, cross-validation."""
