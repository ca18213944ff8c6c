"""Values in the columns of tables: of CSV, between bars or blanks, in rows that are inserted."""
