UNWIND $rows AS row CREATE (n:Incident) SET n = row
