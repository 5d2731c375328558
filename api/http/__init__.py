"""What every route needs of HTTP: problems, bodies, request ids, etags, pagination, downloads."""
