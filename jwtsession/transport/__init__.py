"""How tokens travel: the places of a request, its body, and whose site it came from."""
