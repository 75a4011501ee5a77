"""Stores that speak SQL, one package for each database. The SQL is in ``.sql`` files."""
