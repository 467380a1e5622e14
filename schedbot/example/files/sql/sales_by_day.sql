-- The seven days before the report. schedbot binds :account and :due; :due is the local time of the schedule.
SELECT day           AS "Day",
       sum(orders)   AS "Orders",
       sum(refunds)  AS "Refunds",
       sum(revenue)  AS "Revenue, $"
  FROM sales
 WHERE account = :account
   AND day >= date(:due, '-7 days')
   AND day < date(:due)
 GROUP BY day
 ORDER BY day
