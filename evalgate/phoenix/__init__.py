"""Phoenix, the system of record of those who have it: the only importer of its client."""
