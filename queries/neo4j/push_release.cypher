UNWIND $rows AS row CREATE (n:Release) SET n = row
