"""Search over public providers, products and cases, for Chinese text. A leaf library.

    engine = open_engine("tantivy:///var/index")
    searcher = Searcher(engine, Analyzer(terms, synonyms))
    page = searcher.search(SearchRequest(day=today, q="注塑 MES", facets=("segment",)))

fields.py     the list of fields: schema, filters and facets are derived from it
documents.py  what goes in            analysis/    text to tokens, queries to units, highlighting
query.py      what may be asked       plan.py      a query as a tree for any engine
searcher.py   from request to page    result.py    the page
counting.py   facets and totals       why.py       which word was found where, and how
names.py      names by letters and sound           corrections.py  words typed wrong
suggest.py    suggestions while typing             walk.py     all hits, without end of pages
needs.py      complaints to capabilities           semantic.py meaning, when the extra is installed
index.py      rebuild, verify, status engines/     the seam; tantivy and Elasticsearch behind it
writes.py     which write is newer    ties.py      the neutral order among equals
places.py     filters that must hold for one and the same place in the pool
"""

from search.analysis.highlight import Highlighter, Segment
from search.analysis.queries import Analyzer
from search.analysis.synonyms import Synonym
from search.documents import Document
from search.engines import Applied, Engine, check_address, open_engine
from search.errors import (
    BadDocument,
    IndexMismatch,
    IndexMissing,
    InvalidRequest,
    RebuildFailed,
    SearchError,
    Unavailable,
    WriterBusy,
)
from search.index import Differences, Rebuilt, new_terms, rebuild, status, verify
from search.query import SearchRequest, Sort
from search.result import FacetValue, Hit, Page, Reading, Way
from search.searcher import Searcher
from search.suggest import Suggestion
from search.ties import tie_field, tie_value, tie_values
from search.why import Match

__all__ = [
    "Analyzer",
    "Applied",
    "BadDocument",
    "Differences",
    "Document",
    "Engine",
    "FacetValue",
    "Highlighter",
    "Hit",
    "IndexMismatch",
    "IndexMissing",
    "InvalidRequest",
    "Match",
    "Page",
    "Reading",
    "RebuildFailed",
    "Rebuilt",
    "SearchError",
    "SearchRequest",
    "Searcher",
    "Segment",
    "Sort",
    "Suggestion",
    "Synonym",
    "Unavailable",
    "Way",
    "WriterBusy",
    "check_address",
    "new_terms",
    "open_engine",
    "rebuild",
    "status",
    "tie_field",
    "tie_value",
    "tie_values",
    "verify",
]
