"""What officers said and what is in force: governance, attestations, confirmed rows of the schedule, kept policies."""
