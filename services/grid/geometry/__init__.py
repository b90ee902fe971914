"""The polygons of the net: read from a file, checked against one another, found by a point. Knows shapely, alone."""
