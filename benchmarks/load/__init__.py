"""Generates load on connections made by hand: a client library would take more time than the server."""
