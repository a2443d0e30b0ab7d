import '../test/bench/latency.ts'
