import '../test/bench/git.ts'
