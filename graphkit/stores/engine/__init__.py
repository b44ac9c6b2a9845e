"""What both stores share: the record of facts, how facts are merged, and the index compiled from them.

It knows neither store, and no question.
"""
