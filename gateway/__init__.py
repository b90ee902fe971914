"""What the outside sees: Envoy's configuration rendered from the contract, and the catalogue of the contract."""
