/** Finds the records at which a function hangs or exits, by processing them in a separate program. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { durationText } from '../../lib/duration.ts'
import type { Backlog } from '../../packages/runtime/pipeline/deciding/try-chunk.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { type Attempt, PROGRESS, placeIn, type RecordPlace } from './progress.ts'

const PROGRAM = fileURLToPath(new URL('./attempt.ts', import.meta.url))

/** Time limit for loading the program's code, and for loading a chunk with its states, in milliseconds. */
const PREPARING_MS = 60_000

/** Maximum number of characters from the end of the program's output that an error message quotes. */
const LAST_WORDS = 2_000

export interface Limits {
  /** Time limit for one record, in milliseconds. */
  readonly withinMs: number
  /** Memory size of the function, in MB. */
  readonly memoryMb: number
}

export interface StuckRecord extends RecordPlace {
  /** Reason why the record must be skipped, such as "does not return within 10 s". */
  readonly why: string
}

export interface FoundRecord extends StuckRecord {
  /**
   * True if skipping the record lets the partition continue. False if the function hangs before the record, at a timer or a parked
   * event, or while decoding the record.
   */
  readonly helps: boolean
}

/**
 * Finds the records at which the function stops, in the next chunk of each partition. After a record has been found, the chunk is
 * tried again without it.
 *
 * @param stuckAt makes an attempt and returns the record at which it stops; undefined if the attempt completes
 */
export async function findStuck(
  consumer: string,
  backlogs: readonly Backlog[],
  stuckAt: (attempt: Attempt) => Promise<StuckRecord | undefined>,
): Promise<readonly FoundRecord[]> {
  const found: FoundRecord[] = []
  let rest = backlogs
  while (rest.length > 0) {
    const stuck = await stuckAt({ consumer, backlogs: rest, aside: found.filter(({ helps }) => helps) })
    if (!stuck) break
    const { partition, offset } = stuck
    const before = found.findIndex(one => one.partition === partition && one.offset === offset)
    const isNew = before < 0
    found.splice(isNew ? found.length : before, 1, { ...stuck, helps: isNew })
    rest = rest.filter(one => one.partition > partition || (one.partition === partition && isNew))
  }
  return found
}

/**
 * Starts the program that tries records. Returns the record at which the program stops; undefined if it processes all records.
 *
 * @throws CliFailure if the program cannot try records, for example because Redis does not answer
 * @throws StoppedByUser
 */
export async function stuckInProgram(
  attempt: Attempt,
  { withinMs, memoryMb }: Limits,
  environment: Environment,
  stop: AbortSignal,
): Promise<StuckRecord | undefined> {
  const program = spawn(
    process.execPath,
    [`--max-old-space-size=${memoryMb}`, PROGRAM, JSON.stringify(attempt)],
    { env: { ...environment }, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  )
  let inProgress: RecordPlace | undefined
  let isLate = false
  const late = () => {
    isLate = true
    program.kill('SIGKILL')
  }
  let timer = setTimeout(late, PREPARING_MS)
  const kill = () => program.kill('SIGKILL')
  stop.addEventListener('abort', kill, { once: true })
  let lastWords = ''
  program.stderr?.on('data', (bytes: Buffer) => {
    lastWords = `${lastWords}${bytes}`.slice(-LAST_WORDS)
  })
  createInterface({ input: program.stdio[PROGRESS] as Readable }).on('line', line => {
    inProgress = placeIn(line)
    clearTimeout(timer)
    timer = setTimeout(late, inProgress ? withinMs : PREPARING_MS)
  })
  const [status, signal] = (await once(program, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  stop.removeEventListener('abort', kill)
  if (stop.aborted) throw new StoppedByUser()
  if (inProgress && isLate) return { ...inProgress, why: `does not return within ${durationText(withinMs)}` }
  if (inProgress) return { ...inProgress, why: `ends the process (${signal ?? `exit status ${status}`})` }
  if (status === 0) return undefined
  const how = isLate
    ? `took longer than ${durationText(PREPARING_MS)}`
    : `ended (${signal ?? `exit status ${status}`})`
  throw new CliFailure(
    `The process that tries the records ${how} before it tried the first one.\n${lastWords.trim()}`,
  )
}
