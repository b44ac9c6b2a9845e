// Each part of a push says in its own transaction that it is there, so that a push that broke goes on where it was.
MATCH (g:Graphkit {id: 'graph'}) WHERE g.pushing = $pushing AND g.pushed = $step
SET g.pushed = $step + 1
RETURN count(g) AS steps
