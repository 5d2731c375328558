"""What a person reads in a browser: the reference of the API, and what each problem code means."""
