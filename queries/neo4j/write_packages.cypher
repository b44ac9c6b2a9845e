UNWIND $rows AS row
MERGE (p:Package {id: row.id})
SET p += row, p.dependents = coalesce(p.dependents, 0)
