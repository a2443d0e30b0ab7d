import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import { houseRules } from './lint/house-rules.js'

export default defineConfig(
  { ignores: ['coverage', 'dist', 'sample-repo'] },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // A port's method is asynchronous whether or not an adapter has something to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Kubernetes objects are raw JSON here: their fields are unknown until they are shown.
      '@typescript-eslint/no-base-to-string': 'off',
      // Ports are objects of closures; none of them needs `this`.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-empty': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A table of cases is read line by line, and splitting it hides what it leaves out.
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
    },
  },
  // Generated: as long as what it is generated from.
  { files: ['src/definitions/written.ts'], rules: { 'max-lines': 'off' } },
  houseRules,
)
