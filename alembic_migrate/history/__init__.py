"""The history of a base, told from its revision files without running them."""
