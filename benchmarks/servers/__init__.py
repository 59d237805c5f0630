"""What is measured, each a process on the server's core: our service, the empty one, and its peers."""
