import { ImmutableString } from '@automerge/automerge-repo'
import { automergeRepo } from './automerge-repo.mjs'

export const { title, openWriter, openReader } = automergeRepo('automerge-repo, JSON strings', (entry) => new ImmutableString(JSON.stringify(entry)))
