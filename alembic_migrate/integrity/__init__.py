"""``alembic-db.sum``: what the revision files were when they were written, one line a revision.

Its first line names the heads, so that two branches of git that both add a revision change the
same line: git stops at the merge, and not a deployment at two heads. The other lines tell a file
that was edited, taken away or added behind the tool's back.
"""
