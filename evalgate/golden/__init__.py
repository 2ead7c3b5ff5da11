"""Golden dataset files: read, validate, version by content, compare."""
