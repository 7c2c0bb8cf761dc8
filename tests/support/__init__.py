"""What tests of several layers share: servers of their own, counts, rules over source."""
