"""Values that programs print beside statements of SQL, and that databases quote in their errors."""
