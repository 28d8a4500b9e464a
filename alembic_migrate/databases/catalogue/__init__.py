"""What a database holds, as its server tells it: read as plain facts, and compared."""
