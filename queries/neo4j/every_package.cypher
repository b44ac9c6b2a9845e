// The number of every Package.
MATCH (n:Package) RETURN collect(n.n) AS n
