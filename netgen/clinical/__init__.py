"""From spreadsheets to patients, treatment lines and endpoints."""
