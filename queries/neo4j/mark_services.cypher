UNWIND $rows AS row
MATCH (i:Incident {id: $incident}), (s:Service {id: row.id})
CREATE (s)-[j:JUDGED]->(i) SET j = row.said, j.mark = $mark
FOREACH (_ IN CASE WHEN row.is_reached THEN [1] ELSE [] END |
  CREATE (s)-[e:EXPOSED]->(i) SET e = row.said, e.mark = $mark)
RETURN count(*) AS written
