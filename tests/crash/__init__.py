"""Kills, faults and full disks at every step of a command, and what has to hold when it is run again.

python -m tests.crash                                    everything, in full
python -m tests.crash kills --flow submit --every 5      one part of it

Commands do not start an interpreter each: a zygote (`zygote.py`) has imported what they import and forks a child for
every run. Skipping the start is sound because nothing that a promise is about happens in it: until `run` is called
no ledger, config or part file is opened and nothing is sent, so a kill there leaves the disk and the provider as they
were, which is the case of a command that was never run. What a child does from `run` on is done by the same code in
the same order, and that is not taken on trust: `kills` also runs the installed command, interpreter and all, compares
its system calls with the child's, and kills it at some points of its start and of its work.

Points are system calls, not moments: the k-th call of a name by the main thread of a clean run, stopped before it is
done. strace counts calls by name and thread, so a point is a name and a number and not a place in a mixed list. The
other threads of a command (the timer of a request) make no call that is counted here.
"""
