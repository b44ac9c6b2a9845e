UNWIND $ids AS id MATCH (c:Component {id: id}) RETURN collect(c.id) AS id
