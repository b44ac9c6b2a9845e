UNWIND $rows AS row CREATE (n:RequirementSet) SET n = row
