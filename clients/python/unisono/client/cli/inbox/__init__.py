"""The live inbox on a terminal: its state, its picture, its keys. Knows no command."""
