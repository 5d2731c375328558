"""Generated from api/spelling/__init__.py by tools/share_spelling.py; do not edit."""
