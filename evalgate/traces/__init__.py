"""What programs say of themselves in traces: received on loopback, read into what a run gave, kept for Phoenix."""
