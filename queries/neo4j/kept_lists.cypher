UNWIND $ids AS id MATCH (l:ComponentList {id: id}) RETURN collect(l.id) AS id
