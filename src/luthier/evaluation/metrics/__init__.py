"""One module a kind of metric; each makes statistics from pairs of example and prediction."""
