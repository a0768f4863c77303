import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'
import house from './eslint.house.mjs'

export default [
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  ...neostandard({ ts: true, noJsx: true }),
  { files: ['packages/*/src/**/*.ts', 'test/**/*.ts'], plugins: { '@typescript-eslint': tseslint.plugin }, rules: { '@typescript-eslint/no-explicit-any': 'error' } },
  {
    files: ['packages/*/src/**/*.ts', 'test/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      'no-void': ['error', { allowAsStatement: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/only-throw-error': 'error'
    }
  },
  ...house
]
