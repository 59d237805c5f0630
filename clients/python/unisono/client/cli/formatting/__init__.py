"""What commands print, for people and for programs: texts, times, tables, JSON. Pure functions."""
