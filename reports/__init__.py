"""Evidence for people: renders and signs; decides nothing. What may live here reads the store's facts and writes documents."""
