"""The nouns of grid, their states and rules."""
