"""Checks the promises of the service on what clients recorded of it. Knows no server, only the contract."""
