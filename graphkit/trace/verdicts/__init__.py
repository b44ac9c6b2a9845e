"""What a build, a service and a fleet are judged to be: a witness, a proof, or the first open obligation.

`clearance` makes proofs, and nothing else does. `inputs` knows what was in place when, `judge` puts it together.
"""
