"""Excel imports: a file becomes staged rows, staged rows become the pool.

``reader`` opens the file in a process of its own · ``staging`` checks every row against the
columns of ``schemas.import_columns`` and against the database · ``jobs`` leads a file through it ·
``applying`` writes unit by unit (a unit is all rows of one USCC) · ``pool`` admits · ``report``
gives the file back with what was wrong · ``template`` makes the empty one.
"""
