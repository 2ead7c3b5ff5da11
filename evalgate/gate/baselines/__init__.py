"""What a candidate is compared with: commits and their trees, stored runs, and how a baseline moves."""
