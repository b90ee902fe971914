"""Cases as envelopes of events tell them: the standard library and the kernel only."""
