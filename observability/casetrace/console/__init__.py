"""The console: pages on which operators see where a case is, who has it, what failed and what to do."""
