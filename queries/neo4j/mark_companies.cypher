UNWIND $rows AS row
MATCH (i:Incident {id: $incident}), (c:Company {id: row.id})
CREATE (c)-[j:JUDGED]->(i) SET j = row.said, j.mark = $mark
FOREACH (_ IN CASE WHEN row.is_reached THEN [1] ELSE [] END |
  CREATE (c)-[r:REACHED]->(i) SET r = row.said, r.mark = $mark)
RETURN count(*) AS written
