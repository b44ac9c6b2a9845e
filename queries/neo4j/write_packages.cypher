// Packages with all that they say but who requires them, grouped by what many of them have in common.
UNWIND $rows AS shared UNWIND shared[1] AS row
MERGE (p:Package {id: row[0]})
SET p += shared[0]
SET p.n = row[1], p.facts = row[2], p.dependents = coalesce(p.dependents, 0)
