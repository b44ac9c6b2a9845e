UNWIND $rows AS row
MERGE (t:Table {id: row.id})
SET t = row
