"""Reference data of a city as files."""
