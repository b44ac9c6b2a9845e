MATCH (i:Incident) WITH i ORDER BY i.id RETURN collect(i.body) AS body
