"""What a revision does to a database, judged before it runs."""
