"""Who is calling: from an access token to the app, the user and the scopes. Knows no gRPC."""
