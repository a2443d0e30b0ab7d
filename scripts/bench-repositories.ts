import '../test/bench/repositories.ts'
