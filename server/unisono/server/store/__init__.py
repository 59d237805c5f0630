"""The store: the only carrier of data. `base` is the contract, the rest are its adapters."""
