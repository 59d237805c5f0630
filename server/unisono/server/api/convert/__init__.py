"""Converts between protobuf messages and the values of the core: validates requests, builds responses."""
