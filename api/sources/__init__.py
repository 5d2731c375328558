"""Turn published statistics into returns: each publisher's columns, symbols, half-widths and period labels."""
