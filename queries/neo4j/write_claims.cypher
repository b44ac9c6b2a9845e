UNWIND $rows AS row
MERGE (c:Claim {id: row.id})
SET c = row
WITH c
OPTIONAL MATCH (o:Company {id: c.company})
FOREACH (_ IN CASE WHEN o IS NULL THEN [] ELSE [1] END | MERGE (c)-[:ABOUT]->(o))
