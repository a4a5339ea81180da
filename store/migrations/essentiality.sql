-- Nothing is kept in another way: the view `task_sets` has one more set, and views are replaced with any step.
SELECT 'essentiality';
