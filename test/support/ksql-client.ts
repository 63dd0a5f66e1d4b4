/** The client `ksql` from the Python index, which is not part of Sluice. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureInstalled, pythonPackages } from '#local-servers/install.ts'
import { LOCAL, PYTHON_LOCKS } from '../../scripts/paths.ts'
import { PROJECT } from './program.ts'
import { HOPELESS_MS } from './until.ts'

const PYTHON = join(LOCAL, 'python', 'ksql')

/** Answers of a server to the client. */
export interface KsqlAnswers {
  readonly version: string
  readonly tables: readonly { readonly tables: readonly { readonly name: string }[] }[]
  readonly described: readonly { readonly sourceDescription: { readonly name: string } }[]
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** First change. */
  readonly change: Readonly<Record<string, unknown>>
  readonly refused: { readonly message: string; readonly code: number }
}

interface Questions {
  readonly url: string
  readonly token: string
  readonly table: string
  readonly pull: string
  readonly push: string
}

/** Downloads the client, unless it is installed. */
export async function installKsqlClient(): Promise<void> {
  const packages = {
    lock: join(PYTHON_LOCKS, 'ksql.txt'),
    settings: join(PYTHON_LOCKS, 'ksql.toml'),
    dir: PYTHON,
  }
  const client = pythonPackages({ service: 'kafka', title: 'the client of ksqlDB', ...packages })
  await ensureInstalled(client, { signal: new AbortController().signal })
}

/** Asks a server with the client. */
export async function askedWithKsql({ url, token, table, pull, push }: Questions): Promise<KsqlAnswers> {
  const script = join(PROJECT, 'test', 'support', 'ksql_client.py')
  const args = ['-W', 'ignore', script, url, token, table, pull, push]
  const { stdout } = await promisify(execFile)(join(PYTHON, 'bin', 'python'), args, { timeout: HOPELESS_MS })
  return JSON.parse(stdout)
}
