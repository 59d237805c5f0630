"""Users with devices, and backends that send to them at random: everything they do is recorded."""
