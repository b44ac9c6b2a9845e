// What writers said that they change, after those that are known.
MATCH (c:Change) WHERE c.number > $seen
WITH c ORDER BY c.number
RETURN collect(c.body) AS bodies, collect(c.generation) AS generations, max(c.number) AS seen, min(c.number) AS first
