UNWIND $ids AS id MATCH (s:RequirementSet {id: id}) RETURN collect(s.id) AS id, collect(s.n) AS n
