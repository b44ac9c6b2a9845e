MATCH (o:Organisation)
WITH o ORDER BY o.id
RETURN collect(o.body) AS body, collect(o.id) AS source, collect(o.digest) AS digest
