UNWIND $rows AS row CREATE (n:ComponentList) SET n = row
