UNWIND $rows AS row
MERGE (c:Component {id: row.id})
SET c = row
