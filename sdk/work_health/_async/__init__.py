"""The client whose methods are awaited. `make contract` generates the package `_sync` from this one."""
