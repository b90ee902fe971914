"""identity (统一身份): who is who, and where."""
