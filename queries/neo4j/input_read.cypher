// An input that was read to its end, unless another one of its source has replaced what it said.
MATCH (i:InputRead {id: $id})
OPTIONAL MATCH (o:Organisation {id: i.source})
WITH i, o WHERE i.source IS NULL OR o.digest = i.organisation
RETURN i.body AS body
