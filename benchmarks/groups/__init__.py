"""What is measured together: workloads in pairs with their floors, and the metrics made of them."""
