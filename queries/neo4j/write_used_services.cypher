// Services of which nothing is known but that documents describe them.
UNWIND $ids AS id MATCH (s:Service {id: id}) WHERE s.builds_complete IS NULL
SET s.owner = '', s.company = '', s.builds_complete = false
