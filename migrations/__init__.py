"""How the database came to be as `schema.tables` declares it. Numbered; HEAD names the newest."""
