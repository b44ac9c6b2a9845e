// Releases with all that they say; what they declared before is taken away.
UNWIND $rows AS row
MATCH (p:Package {n: row.package})
MERGE (r:Release {id: row.id})
SET r = row
MERGE (r)-[:RELEASE_OF]->(p)
WITH r
OPTIONAL MATCH (r)-[d:DECLARES]->(:RequirementSet)
DELETE d
