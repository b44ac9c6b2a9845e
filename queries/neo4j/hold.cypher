// Waits for writers, and holds them off until the transaction ends.
MATCH (g:Graphkit {id: 'graph'}) SET g.writer = $writer
