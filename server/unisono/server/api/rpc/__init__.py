"""A call on an exchange of HTTP, whatever its protocol spells it in."""
