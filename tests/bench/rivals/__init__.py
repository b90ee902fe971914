"""The other sides of `make bench`: the same work done in other ways, each in a process of its own."""
