"""What is decided before anything is sent: images, the rules of a request, camera words, prices."""
