UNWIND $rows AS row
MATCH (i:Incident {id: $incident}), (k:Claim {id: row})
CREATE (k)-[:ABOUT {mark: $mark}]->(i)
RETURN count(*) AS written
