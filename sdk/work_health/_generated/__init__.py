"""Generated from openapi.yaml by tools/generate_sdk.py; do not edit."""
