/** Answers SQL statements in child processes on this machine, so that a heavy query cannot stop the console. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AwsPlace } from '../../../packages/runtime/adapters/aws/clients.ts'
import { once } from '../../../packages/runtime/lambda/once.ts'
import type { Config } from '../../app/config.ts'
import { OperationFailure } from '../failure.ts'
import type { SqlView } from './database.ts'
import type { SqlRequest, SqlState } from './engine.ts'

/** Work for a child process. */
export interface SqlTask extends SqlRequest {
  readonly config: Config
  readonly aws: AwsPlace
  readonly folder: string
}

/** Message from a child process. The last one has the views as well. */
export type SqlReport = SqlState & { readonly views?: readonly SqlView[] }

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** Maximum number of queries that run at the same time. Each may use all of DuckDB's memory limit. */
const MAX_RUNNING = 2
/** Time in milliseconds after which a query is cancelled and its answer is dropped, if nobody has asked for its state. */
const KEPT_MS = 60_000

interface Query {
  readonly child: ChildProcess
  readonly ended: Promise<SqlReport>
  report: SqlReport
  timer?: NodeJS.Timeout
}

export class LocalSqlEngine {
  /** Returns the views that statements can use, with their columns. */
  readonly views: () => Promise<readonly SqlView[]>
  readonly #config: Config
  readonly #aws: AwsPlace
  readonly #queries = new Map<string, Query>()

  constructor(config: Config, aws: AwsPlace) {
    this.#config = config
    this.#aws = aws
    this.views = once(async () => {
      const report = await (await this.#run({ statements: 'SELECT 1' })).ended
      if (report.views) return report.views
      throw new OperationFailure(
        report.state === 'failed' ? report.message : 'The views could not be listed.',
      )
    })
  }

  /**
   * Starts a query, and returns its id.
   *
   * @throws OperationFailure if the query cannot be started
   */
  async start(request: SqlRequest): Promise<string> {
    const running = [...this.#queries.values()].filter(({ report }) => report.state === 'running')
    if (running.length >= MAX_RUNNING)
      throw new OperationFailure(`${MAX_RUNNING} queries are running. Cancel one, or wait until it ends.`)
    const id = randomUUID()
    this.#queries.set(id, await this.#run(request))
    this.#keep(id)
    return id
  }

  /** Returns the state of a query; undefined if there is no query with this id, or its answer is no longer kept. */
  async state(id: string): Promise<SqlState | undefined> {
    this.#keep(id)
    return this.#queries.get(id)?.report
  }

  /** Cancels a query. Without effect if the query has ended or does not exist. */
  async cancel(id: string): Promise<void> {
    const query = this.#queries.get(id)
    if (query?.report.state !== 'running') return
    query.child.kill('SIGKILL')
    await query.ended
  }

  /** Ends all queries. */
  async close(): Promise<void> {
    await Promise.all([...this.#queries.keys()].map(id => this.cancel(id)))
    for (const { timer } of this.#queries.values()) clearTimeout(timer)
  }

  #keep(id: string): void {
    const query = this.#queries.get(id)
    if (!query) return
    clearTimeout(query.timer)
    query.timer = setTimeout(() => {
      void this.cancel(id)
      this.#queries.delete(id)
    }, KEPT_MS).unref()
  }

  async #run(request: SqlRequest): Promise<Query> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-sql-'))
    const child = fork(CHILD, [], { execArgv: [], serialization: 'advanced' })
    const { promise: ended, resolve } = Promise.withResolvers<SqlReport>()
    const query: Query = { child, ended, report: { state: 'running', progress: '' } }
    child.on('message', report => {
      query.report = report as SqlReport
    })
    child.on('error', () => {})
    child.on('close', async (code, signal) => {
      // A child that was ended by the operating system may have used too much memory.
      if (query.report.state === 'running')
        query.report =
          signal === 'SIGKILL'
            ? { state: 'cancelled' }
            : { state: 'failed', message: `The process of the query ended (${signal ?? code}).` }
      await rm(folder, { recursive: true, force: true })
      resolve(query.report)
    })
    const task: SqlTask = { ...request, config: this.#config, aws: this.#aws, folder }
    child.send(task)
    return query
  }
}
