UNWIND $rows AS row
MATCH (a:Company {id: row[0]}) MATCH (b:Company {id: row[1]})
CREATE (a)-[r:SUPPLIES]->(b)
SET r = row[2]
