"""What each kind of sender says, and what becomes of it."""
