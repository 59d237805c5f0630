"""What operators see of a node: its metrics, in the format of Prometheus, on a port of their own."""
