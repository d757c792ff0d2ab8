-- A place that another change takes.
SELECT 1;
