import '../test/bench/history.ts'
