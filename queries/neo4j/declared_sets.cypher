UNWIND $names AS name MATCH (:Package {id: name})<-[:RELEASE_OF]-(:Release)-[:DECLARES]->(s:RequirementSet)
RETURN collect(DISTINCT s.n) AS n
