"""What happens with a film once it is here: looking at it, opening it, what it says of itself, who is told."""
