"""The bus: carries hints between the sessions of one feed. `base` is the contract."""
