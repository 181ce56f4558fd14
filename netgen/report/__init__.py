"""What is written for people and other programs: tables, summaries, plans."""
