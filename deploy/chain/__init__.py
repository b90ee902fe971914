"""Who tells whom and who asks whom, read from the contract and the service classes: a picture and a table of it."""
