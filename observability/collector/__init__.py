"""The embedded OTLP receiver: spans over gRPC into rotated files. Started with `python -m observability.collector`."""
