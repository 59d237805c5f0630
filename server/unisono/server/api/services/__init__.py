"""The services of `unisono.v1`: each reads a request, calls a use case, and builds the response."""
