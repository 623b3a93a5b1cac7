"""The norms a hidden layer of a stack can have: one file a norm, listed in ``table.py``."""
