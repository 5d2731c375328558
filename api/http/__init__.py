"""HTTP for every route: problems, bodies, request ids, ETags, pagination and downloads."""
