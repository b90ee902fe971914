"""The tables of notification."""
