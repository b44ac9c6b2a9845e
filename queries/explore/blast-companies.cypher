// Which companies operate a service with a release of this incident, and whom do they supply, up to three steps?
// Parameters: $incident. Example: :param incident => 'litellm-2026-03'
MATCH (:Incident {id: $incident})-[:COMPROMISES]->(:Release)<-[:IS]-(:Component)
      <-[:LISTS]-(:ComponentList)<-[:HOLDS]-(:Document)<-[:DESCRIBED_BY]-(:Service)<-[:OPERATES]-(o:Company)
WITH DISTINCT o
MATCH path = (o)-[:SUPPLIES]->{0,3}(c:Company)
RETURN o.id AS origin, c.id AS company, min(length(path)) AS steps
ORDER BY origin, steps, company
