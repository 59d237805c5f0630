"""Hooks: takes what others tell in their own words, proven by the secret of a hook, and makes calls of it."""
