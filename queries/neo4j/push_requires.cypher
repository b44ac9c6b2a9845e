// Rows are grouped by requirement set, which is looked up once.
UNWIND $rows AS row MATCH (a:RequirementSet {id: row[0]})
UNWIND row[1] AS far MATCH (b:Range {id: far[0]})
CREATE (a)-[r:REQUIRES]->(b) SET r = far[1]
