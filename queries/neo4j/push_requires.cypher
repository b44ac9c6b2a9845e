// Rows are grouped by requirement set, which is looked up once.
UNWIND $rows AS row MATCH (a:RequirementSet {id: row[0]})
UNWIND range(0, size(row[1]) - 1) AS i MATCH (b:Range {id: row[1][i]})
CREATE (a)-[:REQUIRES {marker: row[2][i]}]->(b)
