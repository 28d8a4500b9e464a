"""The user's own Python: base modules, models and hooks, found and imported."""
