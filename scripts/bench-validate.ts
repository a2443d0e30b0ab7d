import '../test/bench/validate.ts'
