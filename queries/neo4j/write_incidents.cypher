UNWIND $rows AS row
MERGE (i:Incident {id: row.id})
SET i = row
WITH i
OPTIONAL MATCH (i)-[c:COMPROMISES]->()
DELETE c
