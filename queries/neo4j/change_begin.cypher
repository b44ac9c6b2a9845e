// What a writer is about to commit, in a transaction that is over before.
CREATE (c:Change {number: $number, generation: $generation, done: false, before: $before, after: $after, body: $body})
