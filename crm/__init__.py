"""What the vendor's CRM tells us: customers, products, direct opportunities, sales."""
