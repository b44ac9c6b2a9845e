// Packages that are aimed at or named, and of which nothing else is known.
UNWIND $rows AS row
MERGE (p:Package {id: row.id})
ON CREATE SET p += row
SET p.named = p.named OR row.named
