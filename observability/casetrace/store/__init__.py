"""The tables of the case trace: events, cases, effects, and where services were read to."""
