/**
 * A2A across the mesh: agents of this node, a gateway to those of other nodes for unmodified A2A clients, and what the operator sees of
 * their tasks.
 */
export type { AgentCardPart, AgentOptions } from './agent-definition.ts'
export type { AgentView } from './known-agents.ts'
export type { TaskView } from './task-board.ts'
export { A2aConfig } from './config.ts'
export { default, createA2a, type A2aPlugin } from './plugin.ts'
