// What has been said of companies, by whom, how sure, and does it name this incident or a release of it?
// Parameters: $incident. Example: :param incident => 'litellm-2026-03'
MATCH (:Incident {id: $incident})-[:COMPROMISES]->(r:Release)
WITH collect('pkg:pypi/' + r.name + '@' + r.version) + $incident AS objects
MATCH (k:Claim)-[:ABOUT]->(c:Company)
RETURN c.id AS company, k.claimant AS claimant, k.polarity AS polarity, k.standing AS standing,
  k.certainty AS certainty, k.date AS date, k.text AS text, k.object IN objects AS names_it
ORDER BY company, date, claimant, text
