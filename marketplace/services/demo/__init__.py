"""The demo's life: invented firms act through the same services as everybody."""
