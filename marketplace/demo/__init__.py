"""The demo data set: invented firms, products and cases as plain rows of the import workbook.

``config/demo/`` holds what was written by hand (clients, one block per provider, knowledge by
category, wording); the modules here derive the rest. ``dataset.build()`` is the only entry.
"""
