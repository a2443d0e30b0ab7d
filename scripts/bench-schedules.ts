import '../test/bench/schedules.ts'
