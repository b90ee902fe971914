"""What the backbone tells about itself: the collector of spans and the trace of a case."""
