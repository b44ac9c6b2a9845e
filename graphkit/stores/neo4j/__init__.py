"""The Neo4j store: the team's graph on a server, equal to the embedded store in every answer."""
