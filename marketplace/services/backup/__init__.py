"""One encrypted file with the whole installation: database first, then the files it names.

sealed     a stream encrypted in chunks; a cut or changed stream does not open
databases  a consistent copy of either engine with its counts, and back into an empty one
making     database and files into the archive
restoring  the archive into an empty installation, checked against what it says of itself

The search index is not in it: it is made again from the database.
"""
