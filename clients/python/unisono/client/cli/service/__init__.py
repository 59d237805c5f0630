"""How a command reaches the service: address, access token, calls, and the errors of these."""
