"""What is configured: keys, layers, variables, and which bases a command works on.

Nothing is imported here, so that ``config.keys`` alone stays cheap: ``load`` is the way in.
"""
