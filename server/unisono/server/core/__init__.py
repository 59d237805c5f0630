"""The use cases of the service, free of transports and databases."""
