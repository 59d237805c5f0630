"""How calls are made: transports and their connections, tokens, deadlines, retries."""
