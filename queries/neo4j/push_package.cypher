UNWIND $rows AS row CREATE (n:Package) SET n = row
