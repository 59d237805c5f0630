"""What is said, to people and to programs: texts, times, tables, shapes. Pure, and knows no call."""
