import '../test/bench/large-run.ts'
