// Of inputs of one source of an organisation the newest is kept.
MATCH (g:Graphkit {id: 'graph'}) SET g.writer = g.writer
WITH g OPTIONAL MATCH (old:InputRead) WHERE old.id = $id OR old.source = $source
WITH g, collect(old) AS replaced
FOREACH (one IN replaced | DELETE one)
CREATE (i:InputRead {id: $id, source: $source, organisation: $organisation, body: $body})
RETURN i.id AS id
