MATCH (o:Organisation) WITH o ORDER BY o.id RETURN collect(o.body) AS body
