import '../test/bench/hooks.ts'

// Connections and timers that it has left behind are of no interest.
process.exit()
