-- Products of the seven days before the report, the best first. The template sees the rows as `rows`.
SELECT accounts.name AS account_name,
       product,
       sum(orders)   AS orders,
       sum(revenue)  AS revenue
  FROM sales
  JOIN accounts USING (account)
 WHERE account = :account
   AND day >= date(:due, '-7 days')
   AND day < date(:due)
 GROUP BY product
 ORDER BY revenue DESC
