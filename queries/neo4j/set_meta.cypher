MATCH (g:Graphkit {id: 'graph'}) SET g += $values
