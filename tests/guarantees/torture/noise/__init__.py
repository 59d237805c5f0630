"""A busy client of a server, in a process of its own, so that it takes no time from the one that measures."""
