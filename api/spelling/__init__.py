"""How people and programs write marks, counts, names and bands. The SDK has a generated copy of this package."""
