"""Read outcomes: released figures and reviewers' previews, in every format."""
