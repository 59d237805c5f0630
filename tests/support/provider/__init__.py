"""An OpenID provider on a real socket, assembled from Authlib, with faults that tests ask for."""
