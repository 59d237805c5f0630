"""The servers that are measured, each a process on the server's core: ours, the empty one, and peers."""
