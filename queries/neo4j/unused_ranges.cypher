UNWIND $n AS n MATCH (r:Range {n: n}) WHERE NOT EXISTS { (r)<-[:REQUIRES]-() }
WITH r, r.package AS package, n
DETACH DELETE r
RETURN collect(DISTINCT package) AS packages, collect(n) AS n
