"""Reviews of returns, obligations, redactions and the audit."""
