"""How a command reaches the service: where, as whom, with which token. Knows nothing of what it prints."""
