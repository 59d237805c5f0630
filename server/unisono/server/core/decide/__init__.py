"""What a command does to a feed, as pure functions of values. Does not depend on a store or a clock."""
