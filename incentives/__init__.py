"""Plans, accruals, the ledger and statements."""
