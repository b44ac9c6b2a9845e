// A node that is none of ours, where there is one.
MATCH (n) WHERE NOT n:Graphkit RETURN labels(n) AS labels LIMIT 1
