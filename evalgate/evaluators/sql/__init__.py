"""sql: queries that hostile models write, checked and run in a process of their own."""
