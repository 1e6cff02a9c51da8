"""The HTTP service: a run's model behind Ray Serve and FastAPI, one file a concern.

`start` is the way in; `app` has the routes, `gate` what is refused before a body is read, `deployment` the replicas
and their batches, `cache` what was answered before, `jobs` what is kept on disk until it is answered.
"""
