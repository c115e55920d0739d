"""How large, long and deep programs may be."""
