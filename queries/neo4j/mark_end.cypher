// From here on the new mark is the answer. `generation` is that of the graph now.
MATCH (m:Mark {id: 'mark'}), (g:Graphkit {id: 'graph'})
SET m = $values
RETURN g.generation AS generation
