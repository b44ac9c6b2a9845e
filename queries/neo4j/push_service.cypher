UNWIND $rows AS row CREATE (n:Service) SET n = row
