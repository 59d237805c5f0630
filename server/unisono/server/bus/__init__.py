"""The bus, which carries hints between the sessions of one feed: its interface and its adapters."""
