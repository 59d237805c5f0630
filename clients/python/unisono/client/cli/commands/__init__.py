"""The commands, a module for each, and what they share: options, arguments, help, output."""
