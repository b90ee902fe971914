"""Methods of the contract's `GridService`, by noun; `service` puts them together."""
