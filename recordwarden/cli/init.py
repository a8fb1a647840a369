"""``init``: a short interview, then the skeleton of a district folder, never over a file."""
