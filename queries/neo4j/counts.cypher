// How many of each kind of thing are kept, beside what the graph's own node counts.
CALL () { MATCH (n:Package) RETURN count(n) AS packages }
CALL () { MATCH (n:Release) RETURN count(n) AS releases, coalesce(sum(size(coalesce(n.uploaded, []))), 0) AS files }
CALL () { MATCH (n:RequirementSet) RETURN count(n) AS sets }
CALL () { MATCH (n:Range) RETURN count(n) AS ranges }
CALL () { MATCH (n:Document) WHERE n.digest IS NOT NULL RETURN count(n) AS documents }
CALL () { MATCH (:Document)-[:HOLDS]->(l:ComponentList) RETURN coalesce(sum(l.size), 0) AS components }
CALL () { MATCH (n:Incident) RETURN count(n) AS incidents }
RETURN packages, releases, files, sets AS `requirement sets`, ranges, documents, components, incidents
