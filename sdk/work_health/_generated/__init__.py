"""Made from openapi.yaml by tools/generate_sdk.py. Not to be edited."""
