// The first statement of every write: it waits for other writers, and holds them off until the transaction ends.
MERGE (g:Graphkit {id: 'graph'})
ON CREATE SET g += $fresh
SET g.writer = $writer
RETURN properties(g) AS graph
