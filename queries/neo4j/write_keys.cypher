UNWIND $rows AS row
MATCH (c:Component {id: row[0]})
UNWIND row[1] AS key
MERGE (k:Key {id: key})
MERGE (c)-[:HAS]->(k)
