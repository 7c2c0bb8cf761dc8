"""What people do, as verbs on the nouns: check, change, record, return; never commit."""

# The listener that queues index jobs: without it a change would never reach the search.
import marketplace.outbox  # noqa: F401
