"""Steps of the pool's main loop: claim, render, send, rescue, reconcile, shut down."""
