import '../test/bench/hooks.ts'
