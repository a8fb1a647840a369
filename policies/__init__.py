"""The district's words: schedule, series, populations, duties, protection. Pure: no network, no database, no clock.

What may live here: what the board adopted, read from text with file, line and column; what it means for a person and a place;
and what the platforms' rules add up to (the simulator). Nothing here asks a tenant or knows what time it is.
"""
