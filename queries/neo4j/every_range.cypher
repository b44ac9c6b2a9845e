// The number of every Range.
MATCH (n:Range) RETURN collect(n.n) AS n
