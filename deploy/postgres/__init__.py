"""PostgreSQL as the backbone needs it: settings, roles, privileges."""
