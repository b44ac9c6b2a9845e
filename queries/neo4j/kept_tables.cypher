MATCH (t:Table)
RETURN t.id AS digest, t.source AS source, t.read_at AS read_at, t.count AS releases, t.problems AS problems
