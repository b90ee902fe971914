"""The nouns of notification, their states and rules."""
