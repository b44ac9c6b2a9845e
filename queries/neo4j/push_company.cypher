UNWIND $rows AS row CREATE (n:Company) SET n = row
