UNWIND $rows AS row
MATCH (l:ComponentList {id: row[0]})
UNWIND row[1] AS listed
MATCH (c:Component {id: listed[1]})
CREATE (l)-[:LISTS {row: listed[0]}]->(c)
