/**
 * Runs test files with `node:test`, in a separate run for each file. In a common run, the time limit would apply to single tests,
 * so it could not end a file that loops or does not exit after its tests.
 */
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import pMap, { pMapSkip } from 'p-map'
import { durationText } from '../../lib/support/duration.ts'
import { failed, type Result, readResults } from './results.ts'

export interface TestOptions {
  /** Number of files that run concurrently. */
  readonly width: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly print: (line: string) => void
  /** Returns the place of a file that has ended, such as "3/20". */
  readonly place: () => string
  /** Receives the processor time of a file that has ended by itself, in milliseconds. */
  readonly noteTime?: (file: string, processorMs: number) => void
  /**
   * Time limit, in milliseconds, within which a test of a file must end. A file that exceeds it is ended and counts as failed. The
   * limit allows for slow machines.
   */
  readonly testTimeoutMs?: number
}

const TEST_TIMEOUT_MS = 12 * 60_000

/**
 * Runs test files, prints a line for each, and returns the results. Files that were stopped have no results.
 *
 * @param files files to run. An iterator can be shared by several calls: each file is run by one of them.
 */
export async function runTests(files: Iterable<string>, options: TestOptions): Promise<Result[]> {
  const results = await pMap(files, file => (options.signal.aborted ? pMapSkip : runFile(file, options)), {
    concurrency: options.width,
  })
  return results.flat()
}

/** Returns a function that counts files, for files of several calls that run at the same time. */
export function listPlaces(total: number): () => string {
  let ended = 0
  return () => `${String(++ended).padStart(String(total).length)}/${total}`
}

async function runFile(
  file: string,
  { env, signal, print, place, noteTime, testTimeoutMs = TEST_TIMEOUT_MS }: TestOptions,
): Promise<Result[]> {
  const startedAtMs = Date.now()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  const timeFile = join(folder, '.processor-time')
  const tooLong = new AbortController()
  const limit = setTimeout(() => tooLong.abort(new DOMException('', 'TimeoutError')), testTimeoutMs)
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
    const { results, output } = await readResults(
      file,
      events.on('test:complete', () => limit.refresh()),
    )
    if (signal.aborted) return []
    const processorMs = await takeProcessorTime(timeFile)
    if (processorMs !== undefined) noteTime?.(file, processorMs)
    // A file that was ended could not tidy up.
    if (results.every(({ outcome }) => outcome !== 'failed'))
      results.push(...(await listLeftFiles(folder, file)))
    const failures = results.filter(({ outcome }) => outcome === 'failed')
    const counts = readCounts(results).join(', ')
    const mark = failures.length > 0 ? 'FAIL' : 'ok  '
    print(`  ${mark} ${place()}  ${file}  ${counts}  (${durationText(Date.now() - startedAtMs)})`)
    for (const { name, why = '' } of failures) print(indented(`${name}: ${why}`))
    if (failures.length > 0 && output !== '')
      print(indented(`Output:\n${output.split('\n').slice(-60).join('\n')}`))
    return results
  } finally {
    clearTimeout(limit)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Returns the processor time that a test file has written, in milliseconds; undefined if the test file was ended. */
async function takeProcessorTime(timeFile: string): Promise<number | undefined> {
  try {
    return Number(await readFile(timeFile, 'utf8'))
  } catch {
    return undefined
  } finally {
    await rm(timeFile, { force: true })
  }
}

/**
 * Folders and files of tools. osls, Java and Chromium remove theirs when they end, so they remain after a kill; cfn-lint keeps a cache.
 */
const OF_TOOLS = /^(node-process-|liblz4-java-|\.org\.chromium\.|\.lark_cache_)/

/** Returns a failure if a test file has left anything in its temporary folder. */
export async function listLeftFiles(folder: string, file: string): Promise<Result[]> {
  const left = (await readdir(folder)).filter(name => !OF_TOOLS.test(name))
  if (left.length === 0) return []
  const names = left.slice(0, 5).join(', ')
  return [failed(file, file, `${left.length} left in the temporary folder: ${names}`)]
}

/** Counts results by outcome. Outcomes that did not occur are omitted, except those in `always`. */
export function readCounts(results: readonly Result[], always: readonly Result['outcome'][] = []): string[] {
  return (['passed', 'failed', 'skipped'] as const).flatMap(outcome => {
    const count = results.filter(result => result.outcome === outcome).length
    return count > 0 || always.includes(outcome) ? [`${count} ${outcome}`] : []
  })
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '        ')
}
