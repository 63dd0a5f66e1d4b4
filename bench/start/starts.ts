import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { PROJECT } from '../../localstack/paths.ts'
import { runProgram } from '../../test/support/program.ts'
import type { Servers } from '../kit/servers.ts'

/** Milliseconds of a process's life. */
export interface Start {
  /** From the start of the process until the handler can be called. */
  readonly loadedMs: number
  /** Until it has answered to its first record; of functions that read from Kafka, and of the empty one. */
  readonly firstMs?: number
  /** From the call to the answer of a first record that comes somewhat after the function was loaded. */
  readonly laterMs?: number
}

/** What the program tells. */
interface Told {
  readonly loadedMs: number
  readonly firstMs: number
  readonly invocationMs: number
}

const FIRST = join(import.meta.dirname, 'first.js')
/** These are called by a schedule. */
const SCHEDULED: readonly string[] = ['clock', 'generator']

/** Starts a function in a process of its own, as Lambda does; one that reads from Kafka in two, see `Start`. */
export async function started(name: string, file: string, servers: Servers): Promise<Start> {
  if (SCHEDULED.includes(name)) return { loadedMs: (await told('none', name, file, servers)).loadedMs }
  const { loadedMs, firstMs } = await told('at once', name, file, servers)
  const { invocationMs } = await told('later', name, file, servers)
  return { loadedMs, firstMs, laterMs: invocationMs }
}

/** @param record when the first one comes */
async function told(
  record: 'none' | 'at once' | 'later',
  name: string,
  file: string,
  { broker, redisUrl }: Servers,
): Promise<Told> {
  const { code, stdout, output } = await runProgram(FIRST, [file, record], {
    cwd: PROJECT,
    env: {
      KAFKA_BROKERS: broker,
      REDIS_URL: redisUrl,
      // Topics, and so slots, that nobody has seen before.
      SLUICE_ENV: randomUUID().slice(0, 8),
      LOG_LEVEL: 'WARN',
      POWERTOOLS_METRICS_DISABLED: 'true',
      AWS_LAMBDA_FUNCTION_NAME: name,
      REPORT_BATCH_ITEM_FAILURES: 'true',
    },
  })
  const said = /^start (.+)$/m.exec(stdout)?.[1]
  if (code !== 0 || !said) throw new Error(`${name} did not start:\n${output}`)
  return JSON.parse(said)
}
