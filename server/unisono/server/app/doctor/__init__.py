"""Explains a token to an operator: what each check of the server says to it, and what to do about it."""
