"""The catalogue: what the contract holds, for tools (gRPC reflection, OpenAPI) and for people (a page)."""
