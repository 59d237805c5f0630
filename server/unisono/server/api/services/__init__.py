"""The services of `unisono.v1`: each validates a request, calls a use case, and builds the response."""
