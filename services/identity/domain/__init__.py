"""The nouns of identity, their states and rules."""
