"""The report of a result: a page and its pictures, made of the result alone."""
