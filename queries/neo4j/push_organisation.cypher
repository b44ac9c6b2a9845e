UNWIND $rows AS row CREATE (n:Organisation) SET n = row
