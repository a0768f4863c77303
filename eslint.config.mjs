import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

/** Time, chance and waiting come in through the constructor; only these files touch the real ones. */
const ambient = [
  { object: 'Date', property: 'now', message: 'Take a Clock.' },
  { object: 'Math', property: 'random', message: 'Take a Random.' },
  { object: 'performance', property: 'now', message: 'Take a Clock.' }
]

export default [
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  ...neostandard({ ts: true, noJsx: true }),
  {
    files: ['packages/*/src/**/*.ts', 'test/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/only-throw-error': 'error'
    }
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['packages/core/src/clock.ts', 'packages/core/src/random.ts'],
    rules: {
      'no-restricted-properties': ['error', ...ambient],
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval'],
      'no-restricted-imports': ['error', { patterns: [{ group: ['@akshi/*/*'], message: 'Import the package, not a path inside it.' }] }]
    }
  },
  {
    files: ['packages/plugin-*/src/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [
          { group: ['@akshi/*/*'], message: 'Import the package, not a path inside it.' },
          { group: ['@akshi/plugin-*'], message: 'No plugin imports another: use a token of core.' }
        ]
      }]
    }
  }
]
