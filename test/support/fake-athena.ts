/** A server on loopback that speaks the JSON protocol of Athena, and knows the answers to a few statements. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Cell = string | null

export interface KnownResult {
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly rows: readonly (readonly Cell[])[]
}

interface Execution {
  readonly statement: string
  readonly workgroup: string
  state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
}

export interface FakeAthena {
  readonly endpoint: string
  /** Bodies of the requests, by operation. */
  readonly requests: { readonly operation: string; readonly body: Record<string, unknown> }[]
  /** Adds a query of a workgroup, which has succeeded. */
  add(id: string, workgroup: string): void
  close(): Promise<void>
}

/** @param resultOf returns the result of a statement, a text for an error, or undefined for a query that never ends */
export async function fakeAthena(
  resultOf: (statement: string) => KnownResult | string | undefined,
): Promise<FakeAthena> {
  const executions = new Map<string, Execution>()
  const requests: FakeAthena['requests'] = []
  const failed = (message: string) => ({ __type: 'InvalidRequestException', Message: message })

  const operations: Readonly<Record<string, (body: Record<string, unknown>) => object>> = {
    StartQueryExecution: ({ QueryString, WorkGroup }) => {
      const id = `00000000-0000-4000-8000-${String(executions.size + 1).padStart(12, '0')}`
      executions.set(id, { statement: String(QueryString), workgroup: String(WorkGroup), state: 'QUEUED' })
      return { QueryExecutionId: id }
    },
    GetQueryExecution: ({ QueryExecutionId: id }) => {
      const found = executions.get(String(id))
      if (!found) return failed(`QueryExecution ${id} was not found`)
      const result = resultOf(found.statement)
      const Status = {
        State: found.state,
        ...(found.state === 'FAILED' ? { StateChangeReason: String(result) } : {}),
      }
      const over = typeof result === 'string' ? 'FAILED' : 'SUCCEEDED'
      if (found.state === 'RUNNING' && result !== undefined) found.state = over
      if (found.state === 'QUEUED') found.state = 'RUNNING'
      const Statistics = { DataScannedInBytes: 1_500_000, TotalExecutionTimeInMillis: 1_234 }
      const execution = { QueryExecutionId: id, WorkGroup: found.workgroup, StatementType: 'DML' }
      return { QueryExecution: { ...execution, Status, Statistics } }
    },
    GetQueryResults: ({ QueryExecutionId: id, MaxResults, NextToken = '0' }) => {
      const result = resultOf(executions.get(String(id))?.statement ?? '') as KnownResult
      // The first row of a result has the names of the columns.
      const all = [result.columns.map(([name]) => name as Cell), ...result.rows]
      const from = Number(NextToken)
      const to = from + Number(MaxResults)
      const Rows = all.slice(from, to).map(row => ({
        Data: row.map(cell => (cell === null ? {} : { VarCharValue: cell })),
      }))
      const ColumnInfo = result.columns.map(([Name, Type]) => ({ Name, Type }))
      return {
        ResultSet: { Rows, ResultSetMetadata: { ColumnInfo } },
        ...(to < all.length ? { NextToken: String(to) } : {}),
      }
    },
    StopQueryExecution: ({ QueryExecutionId: id }) => {
      const found = executions.get(String(id))
      if (found) found.state = 'CANCELLED'
      return {}
    },
  }

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(String(Buffer.concat(parts)))
    const operation = String(request.headers['x-amz-target']).replace('AmazonAthena.', '')
    requests.push({ operation, body })
    const answer = operations[operation]?.(body) ?? failed(`no operation ${operation}`)
    response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    add: (id, workgroup) => executions.set(id, { statement: 'SELECT 1', workgroup, state: 'SUCCEEDED' }),
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
