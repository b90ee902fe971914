"""The one error of the stack on one machine."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked; the text is one clear sentence for the person at the keyboard."""
