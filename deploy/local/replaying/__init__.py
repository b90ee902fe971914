"""Real complaints of two cities, played as citizens' reports: rows, their order, the calls, the accounts."""
