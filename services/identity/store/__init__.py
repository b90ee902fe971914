"""What identity keeps in its database."""
