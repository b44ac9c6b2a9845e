// Rows are grouped by the node they lead to, which is looked up once.
UNWIND $rows AS row MATCH (b:Component {id: row[0]})
UNWIND row[1] AS near MATCH (a:Component {id: near[0]})
CREATE (a)-[r:DEPENDS_ON]->(b) SET r = near[1]
