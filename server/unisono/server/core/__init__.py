"""The use cases: what the service does. Knows neither gRPC nor a database."""
