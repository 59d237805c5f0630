"""Makes the work, on connections made by hand: a library for clients would be busier than the server."""
