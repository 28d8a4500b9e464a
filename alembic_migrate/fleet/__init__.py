"""Many targets: in which order, in how many processes, and what becomes of each."""
