// Companies, claims and what ties them are written anew from what every organisation file says together.
MATCH (n) WHERE n:Company OR n:Claim DETACH DELETE n
