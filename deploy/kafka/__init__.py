"""Kafka as the backbone needs it: settings, topics, access rules."""
