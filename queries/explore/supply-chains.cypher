// Who supplies whom, which of the customer's data the supplier holds, and what is claimed of the customer?
// Parameters: $company, where chains start. Example: :param company => 'mercor'
MATCH path = (:Company {id: $company})-[:SUPPLIES]->{1,4}(c:Company)
WITH c, [n IN nodes(path) | n.id] AS chain, last(relationships(path)).data AS data
OPTIONAL MATCH (k:Claim)-[:ABOUT]->(c)
RETURN chain, data, count(k) AS claims
ORDER BY size(chain), chain
