"""The shop: customers, products, purchases."""
