// The first statement of a mark: it holds off other marks until its transaction ends. The mark before stays the answer,
// unless this one says the same and is written in its place.
MERGE (m:Mark {id: 'mark'})
SET m.writing = $writing, m.digest = CASE WHEN m.digest = $mark THEN NULL ELSE m.digest END
RETURN coalesce(m.digest, '') AS digest
