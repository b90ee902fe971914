"""The case trace: where is case X, who holds it, since when, which clock runs, what failed."""
