"""What cases say in comparison and in total: pure, from what the record holds of them."""
