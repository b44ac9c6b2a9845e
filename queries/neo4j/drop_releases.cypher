UNWIND $ids AS id MATCH (r:Release {id: id}) DETACH DELETE r
