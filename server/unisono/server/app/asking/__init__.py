"""What the commands ask the server that runs with the same settings, and how they show its answers."""
