"""What is known of genes, and what an identifier means."""
