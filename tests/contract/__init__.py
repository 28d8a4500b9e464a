"""One contract for every database and every kind of driver: the life of a project with two bases.

The commands are run one after the other on SQLite, PostgreSQL and MariaDB, with synchronous and
asynchronous drivers. What they say is compared as a whole, and so are the tables they leave behind.
"""
