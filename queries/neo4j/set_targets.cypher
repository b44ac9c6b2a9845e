// The packages that requirement sets aim at.
UNWIND $n AS n MATCH (:RequirementSet {n: n})-[:REQUIRES]->(r:Range) RETURN collect(DISTINCT r.package) AS packages
