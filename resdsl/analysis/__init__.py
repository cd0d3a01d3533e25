"""What can be known of a network before any module exists: one file and one frozen report for each question."""
