"""The delivery plan: loaded from its file, checked as a whole, and read in different ways."""
