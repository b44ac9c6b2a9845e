UNWIND $rows AS row CREATE (n:Table) SET n = row
