"""The nouns of certificates, their states and rules."""
