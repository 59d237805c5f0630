"""A module for each command, and what they share: options, arguments, help, output."""
