"""The device that `unisono listen` is, on a screen or as lines."""
