"""Being a device: on a screen, or as lines. Knows no arguments."""
