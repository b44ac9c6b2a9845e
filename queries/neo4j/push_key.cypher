UNWIND $rows AS row CREATE (n:Key) SET n = row
