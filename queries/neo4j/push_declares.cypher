// Rows are grouped by the node they lead to, which is looked up once.
UNWIND $rows AS row MATCH (b:RequirementSet {id: row[0]})
UNWIND row[1] AS near MATCH (a:Release {id: near})
CREATE (a)-[:DECLARES]->(b)
