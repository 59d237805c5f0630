"""What is measured together: workloads in pairs with their floors, and the figures made of them."""
