"""The SQLite store: many builds, written row by row, readable by anyone, the source of every decision."""
