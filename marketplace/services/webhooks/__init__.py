"""Webhooks: other systems are told what the public pages say, signed, in order, until they confirm.

history queues → ``fan_out`` makes one delivery for each subscribed address → ``sending`` posts.
"""
