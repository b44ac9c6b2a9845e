// The last word of a writer whose transaction came to nothing, said by one who holds writers off: it changed nothing.
MATCH (c:Change {number: $number}), (g:Graphkit {id: 'graph'})
SET c.done = true, c.after = c.before, c.generation = g.generation, c.body = $body
