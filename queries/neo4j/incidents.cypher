MATCH (i:Incident) RETURN i.body AS body ORDER BY i.id
