import '../test/bench/schedules.ts'

// Connections and timers that it has left behind are of no interest.
process.exit()
