UNWIND $rows AS row CREATE (s:RequirementSet {id: row[0], n: row[1]})
