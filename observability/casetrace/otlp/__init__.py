"""The OTLP door of the case trace: spans and records of failed calls, from any exporter."""
