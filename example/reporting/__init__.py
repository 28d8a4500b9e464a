"""The reports: figures that are computed every night from the shop's tables."""
