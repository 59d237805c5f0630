"""What a request does to a feed, as pure functions over values. Knows no store and no clock."""
