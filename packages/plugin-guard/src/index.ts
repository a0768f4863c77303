/** Refuses secrets at the moment of writing, and once more where they would leave. */
export { GuardConfig } from './config.ts'
export { default } from './plugin.ts'
