"""Judges from the recorded history of its clients whether a Unisono service keeps its promises."""
