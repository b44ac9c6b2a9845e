// Packages of which nothing is known, which nothing aims at and nobody names.
UNWIND $n AS n MATCH (p:Package {n: n})
WHERE p.facts = '' AND NOT p.named AND NOT p.id IN $mentioned
  AND NOT EXISTS { (p)<-[:ON]-() } AND NOT EXISTS { (p)<-[:RELEASE_OF]-() }
WITH p, p.id AS name, n
DETACH DELETE p
RETURN collect(name) AS names, collect(n) AS n
