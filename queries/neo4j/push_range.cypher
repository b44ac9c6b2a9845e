// Rows are grouped by the truths that they share.
UNWIND $rows AS shared UNWIND shared[1] AS row CREATE (n:Range) SET n = row SET n += shared[0]
