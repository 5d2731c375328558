"""The delivery plan: load it from a file, check it, and read its logic model, measures and code lists."""
