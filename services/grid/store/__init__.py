"""The tables of grid."""
