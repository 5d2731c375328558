"""What others publish, turned into returns: each publisher's columns, symbols, half-widths and period labels."""
