MATCH (o:Organisation) RETURN o.body AS body, o.id AS source, o.digest AS digest ORDER BY o.id
