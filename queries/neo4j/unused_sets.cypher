// Requirement sets that no release declares any more.
UNWIND $n AS n MATCH (s:RequirementSet {n: n}) WHERE NOT EXISTS { (s)<-[:DECLARES]-() }
OPTIONAL MATCH (s)-[:REQUIRES]->(r:Range)
WITH s, n, collect(DISTINCT r.n) AS ranges
DETACH DELETE s
RETURN n, ranges
