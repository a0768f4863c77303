import { automergeRepo } from './automerge-repo.mjs'

export const { title, openWriter, openReader } = automergeRepo('automerge-repo, list of maps', (entry) => entry)
/** One append into 50,000 maps takes 12 ms and more, on each side. */
export const leavesOut = ['appends-50k', 'fan-out', 'stall']
