// What organisation files say of when a document described a service is written anew from all of them together.
MATCH (:Service)-[u:DESCRIBED_BY]->(:Document) WHERE u.by_organisation DELETE u
