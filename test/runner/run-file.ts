/** Runs one test file with `node:test`, and adds a time limit for the file and a look at the files that it leaves. */
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type EventData, run } from 'node:test'
import { spec } from 'node:test/reporters'
import { PROJECT } from '@sluice/test-kit/program'

export interface FileResult {
  /** Path relative to the project. */
  readonly file: string
  readonly passed: number
  /** Path and name of each test that failed. */
  readonly failed: readonly string[]
  /** Path, name and reason of each test that was skipped. */
  readonly skipped: readonly string[]
  readonly durationMs: number
  /** Processor time; 0 if the file was ended. */
  readonly processorMs: number
  /** End of the report of `node:test`, with the reasons of failures. */
  readonly output: string
}

/** Facts of `test:complete` that the types of Node leave out. In the event of the file itself, the entry file is missing. */
type Completed = Omit<EventData.TestComplete, 'details'> & {
  readonly entryFile?: string
  readonly details: { readonly type?: string; readonly error?: { readonly failureType?: string } }
}

/** Time within which the next test of a file must end, on a slow machine too. In `node:test`, no limit ends a file that loops. */
const LIMIT_MS = 12 * 60_000

/** Returns the result of a test file; undefined if it was stopped. @param file path relative to the project */
export async function runFile(
  file: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<FileResult | undefined> {
  if (signal.aborted) return undefined
  const startedAtMs = Date.now()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  const timeFile = join(folder, '.processor-time')
  const tooLong = new AbortController()
  const limit = setTimeout(() => tooLong.abort(), LIMIT_MS)
  try {
    // Also for servers that run as another user.
    await chmod(folder, 0o755)
    const events = run({
      files: [resolve(PROJECT, file)],
      env: { ...env, TMPDIR: folder, PROCESSOR_TIME_FILE: timeFile },
      signal: AbortSignal.any([signal, tooLong.signal]),
      cwd: PROJECT,
      execArgv: ['--import', join(import.meta.dirname, 'processor-time.ts')],
    })
    let [passed, hasSummary] = [0, false]
    const [failed, skipped, running] = [[] as string[], [] as string[], new Set<string>()]
    const fail = (name: string) => failed.push(`${file}: ${name}`)
    const describeEnd = () =>
      tooLong.signal.aborted ? `took too long and was ended in: ${[...running].join(', ')}` : 'has failed'
    events.on('test:dequeue', ({ name, type }) => type === 'test' && running.add(name))
    events.on('test:complete', ({ name, entryFile, skip, todo, details: { type, error } }: Completed) => {
      limit.refresh()
      running.delete(name)
      if (error && error.failureType !== 'subtestsFailed') fail(entryFile ? name : describeEnd())
      else if (error || type === 'suite' || !entryFile) return
      else if (skip || todo) skipped.push(`${file}: ${name}: ${skip || todo}`)
      else passed++
    })
    // A summary without a file is of this process.
    events.on('test:summary', summary => (hasSummary ||= summary.file !== undefined))
    const report = await text(events.compose(spec))
    if (signal.aborted) return undefined
    const processorMs = Number(await readFile(timeFile, 'utf8').catch(() => 0))
    await rm(timeFile, { force: true })
    // A file that failed could not tidy up.
    if (failed.length === 0) {
      if (!hasSummary || passed + skipped.length === 0) fail('ended before its tests, or has none')
      const left = await listLeftFiles(folder)
      if (left.length > 0) fail(`left in its temporary folder: ${left.join(', ')}`)
    }
    const output = report.split('\n').slice(-200).join('\n')
    return { file, passed, failed, skipped, durationMs: Date.now() - startedAtMs, processorMs, output }
  } finally {
    clearTimeout(limit)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Lists what a test file has left in its temporary folder, without what tools keep or leave there when they are killed. */
export async function listLeftFiles(folder: string): Promise<string[]> {
  const left = await readdir(folder)
  return left.filter(name => !/^(node-process-|liblz4-java-|\.org\.chromium\.|\.lark_cache_)/.test(name))
}
