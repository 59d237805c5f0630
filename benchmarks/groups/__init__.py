"""The groups of metrics: workloads beside their floors, and the metrics made of both."""
