"""The store, which alone holds data: the interface in `base`, `commit` and `reads`, and its adapters."""
