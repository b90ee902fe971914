"""`make bench-casetrace`: the case trace with few and with many cases, measured at its doors."""
