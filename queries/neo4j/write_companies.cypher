UNWIND $rows AS row MERGE (c:Company {id: row.id}) SET c = row
