"""The Python client of Unisono. Knows a server by the contract, `unisono.v1`, and nothing else."""
