UNWIND $rows AS row
MATCH (i:Incident {id: row[0]}) MATCH (r:Release {id: row[1]})
CREATE (i)-[c:COMPROMISES]->(r)
SET c = row[2]
