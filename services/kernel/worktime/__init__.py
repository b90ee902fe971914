"""Working time: when a limit ends, how much of it is used, and which time counted or did not, and why.

Three units. A clock hour (自然时) passes always. A working hour (工作时) passes within the shifts of a department. A
working day (工作日) is one day of the calendar on which the department works, however long its shift is:

- The day on which a limit in days begins does not count (民法典第二百零一条: 开始的当日不计入), and it ends when
  business closes on its last day (第二百零三条: 有业务时间的，停止业务活动的时间为截止时间). A limit in hours runs
  from its moment on (第二百零一条第二款).
- Days count without statutory holidays (行政许可法第八十二条, 行政处罚法第八十五条). Which days these are, and which
  weekends are worked in exchange, the State Council announces each autumn for the next year: the calendar is data.
- Time that does not count is left out as such (行政许可法第四十五条: 所需时间不计算在期限内). A pause moves the end by
  the working time that it took, so that a limit that was paused may end within a day.

So a working day is not eight hours: who works from 9 to 12 has until 12, and a make-up day counts as one.

`calendars` holds the days, `terms` the limits that run, `stretches` which time counts for them, `reckoning` when they
end, `ledger` what becomes of each moment. Times are aware, UTC.
"""
