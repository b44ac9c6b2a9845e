// Rows are grouped by the node they lead to, which is looked up once.
UNWIND $rows AS row MATCH (b:Document {id: row[0]})
UNWIND row[1] AS near MATCH (a:Service {id: near[0]})
CREATE (a)-[r:DESCRIBED_BY]->(b) SET r = near[1]
