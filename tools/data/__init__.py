"""Tasks, scenes, samples, scores, and the data set that keeps them."""
