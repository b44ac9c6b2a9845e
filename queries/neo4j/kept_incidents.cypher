MATCH (i:Incident)
RETURN i.id AS id, i.title AS title, i.actor AS actor, i.advisory AS advisory, i.body AS body, i.digest AS digest
