UNWIND $rows AS row
MERGE (r:Range {id: row.id})
SET r = row
WITH r
MATCH (p:Package {n: r.package})
MERGE (r)-[:ON]->(p)
