UNWIND $rows AS row
MATCH (a:Component {id: row[1]}) MATCH (b:Component {id: row[2]})
CREATE (a)-[:DEPENDS_ON {list: row[0], place: row[3], source: row[4], target: row[5]}]->(b)
