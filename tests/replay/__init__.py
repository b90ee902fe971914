"""A year of real complaints in minutes: grid's use cases under a clock that is set, and a recount of the figures."""
