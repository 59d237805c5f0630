"""Runs the command: python -m unisono.verify.cli."""

from unisono.verify.cli import main

main()
