UNWIND $rows AS row CREATE (n:Claim) SET n = row
