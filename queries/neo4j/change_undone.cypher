// The last change of a writer whose transaction came to nothing, closed by one who holds writers off: it changed nothing.
MATCH (c:Change {number: $number}), (g:Graphkit {id: 'graph'})
SET c.done = true, c.after = c.before, c.generation = g.generation, c.body = $body
