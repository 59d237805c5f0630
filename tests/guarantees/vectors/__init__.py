"""Writes `tests/vectors`: random histories of devices, with what each has to make of them."""
