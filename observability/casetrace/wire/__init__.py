"""Between the contract, envelopes, and the domain."""
