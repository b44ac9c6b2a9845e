// What this database holds. One row, or none where it holds no graph.
MATCH (g:Graphkit {id: 'graph'}) RETURN properties(g) AS graph
