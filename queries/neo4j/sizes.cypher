// How many releases packages have, by number.
UNWIND $n AS n MATCH (p:Package {n: n}) RETURN collect(p.n) AS n, collect(p.releases) AS releases
