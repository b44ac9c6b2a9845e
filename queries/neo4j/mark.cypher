// What the mark says that it is: one row, or none where there is none. It is null where the first one was broken off.
MATCH (m:Mark {id: 'mark'}) RETURN properties(m) AS mark
