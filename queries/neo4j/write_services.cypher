UNWIND $rows AS row
MERGE (s:Service {id: row.id})
SET s = row
