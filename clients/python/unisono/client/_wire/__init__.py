"""How calls are made: transport, tokens, deadlines, retries. Knows nothing of what they are for."""
