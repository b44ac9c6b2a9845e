UNWIND $rows AS row
MATCH (r:Release {id: row[0]}) MATCH (s:RequirementSet {n: row[1]})
CREATE (r)-[:DECLARES]->(s)
