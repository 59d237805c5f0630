"""Between messages and values: all validation, and all building of responses."""
