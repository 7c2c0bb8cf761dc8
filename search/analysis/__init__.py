"""Text to tokens and queries to units, the same for every engine.

normal     one normal form, character by character
tokens     token streams of documents
dictionary words that are tokens of their own
segment    cutting queries
synonyms   alternatives of words
pinyin     how Chinese is read aloud
names      what a name is found by besides its text
spelling   names and terms that sound or look like what was typed
lexicon    the words of the trade in memory
queries    Analyzer.read: a query as understood
entries    a document as engines store it
highlight  marking what was found, in the original text
"""
