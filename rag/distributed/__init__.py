"""Reading, OCR and embedding on the workers of a Ray cluster; only the machine that has the library open writes to it.

`tasks` is what a worker does: functions of their arguments alone, so that Ray may run one again elsewhere when a worker dies. `workers`
hands them out, by `ray_cluster`, and says when something is to be done here instead. `reading`, `embedding` and `recognising` begin ahead
what is needed next, within bounds, and give it back in order: whoever stores it does so as without Ray.
"""
