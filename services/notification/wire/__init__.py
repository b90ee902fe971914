"""Between the contract and the domain of notification."""
