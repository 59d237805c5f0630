"""The machine that measures: its cores, its disk, and the time and memory that processes took."""
