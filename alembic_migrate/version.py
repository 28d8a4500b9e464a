"""The version of this package, and nothing else: it costs no import to ask."""

VERSION = "3.0.0.dev0"
