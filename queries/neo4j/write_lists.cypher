UNWIND $rows AS row
MERGE (l:ComponentList {id: row.id})
SET l = row
