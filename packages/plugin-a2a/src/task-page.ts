import type { ListTasksRequest, ListTasksResponse, Task } from '@a2a-js/sdk'

const defaultPageSize = 50

/** A page of tasks, the newest first, as ListTasks of A2A 1.0 wants it: filtered, cut, and with the token of the next page. */
export function pageOf (tasks: readonly Task[], request: ListTasksRequest): ListTasksResponse {
  const { pageSize = defaultPageSize, pageToken, includeArtifacts = false } = request
  const found = tasks.filter((task) => matches(task, request)).sort((a, b) => compare(rankOf(b), rankOf(a)))
  const start = pageToken === '' ? 0 : found.findIndex((task) => compare(rankOf(task), fromToken(pageToken)) < 0)
  const page = start < 0 ? [] : found.slice(start, start + pageSize)
  const last = page.at(-1)
  return {
    tasks: page.map((task) => ({ ...structuredClone(task), ...!includeArtifacts && { artifacts: [] } })),
    nextPageToken: last === undefined || start + pageSize >= found.length ? '' : toToken(rankOf(last)),
    pageSize,
    totalSize: found.length
  }
}

type Rank = readonly [timestamp: string, id: string]

function matches ({ contextId, status }: Task, request: ListTasksRequest): boolean {
  if (request.contextId !== '' && contextId !== request.contextId) return false
  if (request.status !== undefined && request.status !== 0 && status?.state !== request.status) return false
  const { statusTimestampAfter: after } = request
  return after === undefined || Date.parse(status?.timestamp ?? '') > Date.parse(after)
}

function rankOf ({ id, status }: Task): Rank {
  return [status?.timestamp ?? '', id]
}

function compare (a: Rank, b: Rank): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1
  return a[1] === b[1] ? 0 : a[1] < b[1] ? -1 : 1
}

function toToken (rank: Rank): string {
  return Buffer.from(JSON.stringify(rank)).toString('base64url')
}

/** Of a token that is none of ours, nothing is found. */
function fromToken (token: string): Rank {
  try {
    const [timestamp, id] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [unknown, unknown]
    return [String(timestamp), String(id)]
  } catch {
    return ['', '']
  }
}
