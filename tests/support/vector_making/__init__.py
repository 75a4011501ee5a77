"""Where the vectors of the specification come from: ``python -m vector_making`` writes them.

Everything is a function of the fixed test keys in `keyring`, so that a test can make the
files again and compare them byte for byte. Hostile tokens are put together here from
bytes; nothing of the library that they judge is used.
"""
