// The graph's own node, and the change of the last writer: what the graph was before it, and after, once it is done.
MATCH (g:Graphkit {id: 'graph'})
OPTIONAL MATCH (c:Change) WHERE c.number >= 0
WITH g, c ORDER BY c.number DESC LIMIT 1
RETURN properties(g) AS graph, c.number AS number, c.done AS done, c.before AS before, c.after AS after
