"""The pages of the console: what each asks, and what it shows."""
