UNWIND $rows AS row
MATCH (d:Document {id: row[0]}) MATCH (l:ComponentList {id: row[1]})
MERGE (d)-[:HOLDS]->(l)
