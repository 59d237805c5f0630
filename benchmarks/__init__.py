"""Measures what the service costs, beside a floor below which it cannot go: `make bench`.

Every metric is a ratio of two measurements of the same run. The service is measured from outside, as an
operator starts it and a client calls it.
"""
