"""Real complaints, inspections and licences of two cities: rows, joins, cases, their order, the calls, the accounts."""
