import '../test/bench/first-hooks.ts'
