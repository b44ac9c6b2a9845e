UNWIND $rows AS row CREATE (n:Range) SET n = row
