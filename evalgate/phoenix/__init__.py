"""Phoenix: the only importer of its client and of httpx, and a server of one's own on this machine."""
