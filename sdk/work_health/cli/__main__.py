"""`python -m work_health.cli` is `work-health`."""

from . import main

main()
