// A writer's transaction is applied. Of old generations nobody asks any more what they changed.
MATCH (c:Change {number: $number}) SET c.done = true
WITH c
MATCH (old:Change) WHERE old.number <= $number - $kept
DELETE old
