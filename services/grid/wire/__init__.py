"""Between the contract and the domain of grid."""
