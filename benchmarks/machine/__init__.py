"""The machine that measures: its cores, its disk, and what processes took of it. Knows no server."""
