"""The maps that staff keep: SKUs, carriers, shipping methods."""
