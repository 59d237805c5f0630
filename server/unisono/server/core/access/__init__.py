"""Access control: the app, the user and the scopes of a caller, by its access token."""
