"""Handles that were opened in another process.

``handle`` runs here and speaks with ``worker`` there, in lines of JSON as ``wire`` says.
"""
