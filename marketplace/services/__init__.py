"""What people do, as verbs on the nouns: check, change, record, return; never commit."""
