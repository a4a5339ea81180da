"""Files from outside: tables, lists, pickles, vectors, each read within limits or refused in a sentence."""
