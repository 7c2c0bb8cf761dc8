"""Working days, last days as instants, and the clock that closes windows."""
