"""The generator needs this module; the structs use none of its types."""
