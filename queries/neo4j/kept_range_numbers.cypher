UNWIND $ids AS id MATCH (r:Range {id: id}) RETURN collect(r.id) AS id, collect(r.n) AS n
