"""An agent's way to hailuo: a server of the Model Context Protocol over stdio, on the official SDK.

Read `ordering` first: what an agent may order, and who has to agree to it.
"""
