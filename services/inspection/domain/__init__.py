"""The nouns of inspection, their states and rules."""
