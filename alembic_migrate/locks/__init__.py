"""One migration process at a time: locks that the database itself keeps and frees."""
