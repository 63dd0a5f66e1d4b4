/** Measures the memory of one function that reads the whole topic, alone in a process and with an empty Redis. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PROCESS_VARIABLES } from '../../infra/process-variables.ts'
import { guardGroup } from '../../localstack/services/groups.ts'
import { startValkey } from '../support/valkey.ts'
import { javaText } from './java.ts'

/** The memory size in `serverless.yml`, and the flags that Lambda's runtime passes to Node for it. */
const MEMORY_MIB = 512
const FLAGS = [
  `--max-old-space-size=${Math.floor(MEMORY_MIB * 0.9)}`,
  `--max-semi-space-size=${Math.floor(MEMORY_MIB * 0.05)}`,
]
const BATCH_SIZE = 500
/** The payload limit of an invocation. Larger records are not delivered; the function reads them from the log. */
const PAYLOAD_BYTES = 6 * 1024 * 1024

export interface Alone {
  readonly name: string
  readonly peakBytes: number
  readonly invocations: number
  /** Invocations that failed, or returned a partition as failed. */
  readonly unfinished: number
  /** Records too large for an invocation. */
  readonly leftOut: number
}

interface Subject {
  readonly name: string
  /** The bundle of its handler. */
  readonly file: string
  readonly brokers: readonly string[]
  readonly environment: string
  readonly topic: string
  readonly signal: AbortSignal
}

/** Invokes the function with all records of the topic, in batches as an event source mapping makes them. */
export async function alone({ name, file, brokers, environment, topic, signal }: Subject): Promise<Alone> {
  const valkey = await startValkey()
  const child = spawn(process.execPath, [...FLAGS, join(import.meta.dirname, 'alone-function.ts'), file], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...PROCESS_VARIABLES,
      KAFKA_BROKERS: brokers.join(','),
      REDIS_URL: valkey.url,
      SLUICE_ENV: environment,
      REPORT_BATCH_ITEM_FAILURES: 'true',
      AWS_LAMBDA_FUNCTION_NAME: name,
      LOG_LEVEL: 'SILENT',
    },
  })
  const release = child.pid === undefined ? undefined : guardGroup(child.pid)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr = (stderr + text).slice(-1_000)
  })
  // If the function ends early, the missing answer is reported.
  child.stdin.on('error', () => {})
  const closed = once(child, 'close')
  let [invocations, unfinished, leftOut] = [0, 0, 0]
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answered = async () => {
    for (;;) {
      const { value, done } = await answers.next()
      if (done) throw new Error(`${name} ended early, after ${invocations} invocations: ${stderr.trim()}`)
      // Log lines are on the same stream.
      const [what, answer] = String(value).split('\t')
      if (what === 'answer' || what === 'peak') return String(answer)
    }
  }
  try {
    const feed = javaText({
      program: 'FuzzReader',
      args: { brokers: brokers.join(','), topics: `event:${topic}` },
      heap: 768,
      signal,
    })
    for await (const event of eventsOf(feed, topic, () => (leftOut += 1))) {
      child.stdin.write(`${event}\n`)
      invocations += 1
      if ((await answered()) !== '0') unfinished += 1
    }
    child.stdin.end()
    return { name, peakBytes: Number(await answered()), invocations, unfinished, leftOut }
  } finally {
    child.kill('SIGKILL')
    await closed
    await release?.()
    await valkey.stop()
  }
}

/** Lambda events as JSON. */
async function* eventsOf(
  records: AsyncIterable<string>,
  topic: string,
  tooLarge: () => void,
): AsyncGenerator<string> {
  let batch = new Map<string, string[]>()
  let [count, bytes] = [0, 0]
  const cut = () => {
    const parts = [...batch].map(([name, own]) => `${JSON.stringify(name)}:[${own.join(',')}]`)
    batch = new Map()
    ;[count, bytes] = [0, 0]
    return `{"eventSource":"aws:kafka","bootstrapServers":"","records":{${parts.join(',')}}}`
  }
  for await (const record of records) {
    if (!record.startsWith('{')) continue
    const size = Buffer.byteLength(record) + 1
    if (size > PAYLOAD_BYTES) {
      tooLarge()
      continue
    }
    if (count === BATCH_SIZE || bytes + size > PAYLOAD_BYTES) yield cut()
    const name = `${topic}-${/"partition":(\d+)/.exec(record)?.[1]}`
    batch.set(name, [...(batch.get(name) ?? []), record])
    count += 1
    bytes += size
  }
  if (count > 0) yield cut()
}
