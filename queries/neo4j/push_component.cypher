UNWIND $rows AS row CREATE (n:Component) SET n = row
