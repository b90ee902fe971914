"""The tables of inspection."""
