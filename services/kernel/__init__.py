"""What domains share: errors, codes and check characters, case numbers, ids, time. Standard library only."""
