"""What browsers and curl speak on an exchange of HTTP: knows no sockets, frames or services."""
