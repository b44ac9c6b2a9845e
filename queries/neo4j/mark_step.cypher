// Each further transaction of a mark asks whether no other mark has begun meanwhile, and holds others off.
MATCH (m:Mark {id: 'mark'}) WHERE m.writing = $writing
SET m.writing = $writing
RETURN count(m) AS steps
