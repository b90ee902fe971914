"""One function per change that identity makes."""
