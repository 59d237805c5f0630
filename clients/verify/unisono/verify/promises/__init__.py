"""The promises of docs/guarantees.md, a module each: functions that yield the cases of a broken promise."""
