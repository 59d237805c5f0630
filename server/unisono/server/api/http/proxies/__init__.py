"""Who connects, where a proxy stands between: what is believed, and of whom."""
