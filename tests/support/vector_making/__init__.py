"""Where the vectors of the specification come from.

``python -m vector_making``, with ``tests/support`` on the path, writes the files anew.
Everything is a function of fixed test keys, so a test can make the files again and compare
them byte for byte. Hostile tokens are put together here from bytes; nothing of the library
that they judge is used.
"""
