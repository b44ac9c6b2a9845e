UNWIND $rows AS row
MATCH (l:ComponentList {id: row[0]}) MATCH (c:Component {id: row[2]})
CREATE (l)-[:LISTS {row: row[1]}]->(c)
