"""Generates load: users with devices, and a backend that sends to them at random, all of it recorded."""
