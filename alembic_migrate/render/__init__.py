"""Results turned into text for people (one module a kind of answer) and into JSON documents.

Every function here is pure: records go in, a string or plain JSON values come out. Text ends
without a newline and may be empty, which means that there is nothing to print.
"""
