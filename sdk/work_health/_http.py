"""The one place that names the HTTP library."""

import httpx2 as httpx

__all__ = ["httpx"]
