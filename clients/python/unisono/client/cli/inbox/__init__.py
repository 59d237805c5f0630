"""The live inbox on a terminal: its state, its view, its keys."""
