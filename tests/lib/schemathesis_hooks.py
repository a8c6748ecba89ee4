"""What a description of an API cannot say of its parameters: schemathesis loads this where what is well written must be taken."""

import schemathesis


@schemathesis.hook
def map_query(context, query):
    """A cursor is what a page ended with, a series is one that a node may have; times are not any text, and have an order."""
    if query:
        for key in ("cursor", "from", "to"):
            query.pop(key, None)
        if "series" in query:
            query["series"] = ["disk/WD-1.temperature_celsius"]
    return query
