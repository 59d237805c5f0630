"""How much the service costs, beside what it could not cost less than: `make bench`.

Every metric is a ratio of two things that were measured in the same run. Knows the service from outside,
as an operator starts it and a client calls it.
"""
