"""Nothing is lost and nothing is doubled, whatever dies: load, faults by a seeded schedule, an independent checker."""
