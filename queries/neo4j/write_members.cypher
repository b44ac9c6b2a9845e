UNWIND $rows AS row
MATCH (s:RequirementSet {n: row[0]}) MATCH (r:Range {n: row[1]})
CREATE (s)-[:REQUIRES {marker: row[2]}]->(r)
