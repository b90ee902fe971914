"""The demo: one case through the city, played by the right people, with every effect waited for and shown."""
