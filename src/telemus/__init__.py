"""Telemus: from the bytes that a spacecraft sends to a result that a scientist can publish.

Importing the root loads nothing heavy: each room is imported by its own name.
"""

__version__ = "0.1.0"
