/** Keeps everything that is needed to investigate a failed run and to repeat it. */
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { PartitionStateReader } from './count/partition-states.ts'
import type { Flow } from './flow.ts'
import type { KafkaLog } from './kafka/log.ts'
import type { KafkaRecord } from './kafka/records.ts'
import { report } from './report.ts'
import type { Result } from './result.ts'

interface RunParts {
  readonly log: KafkaLog
  readonly stateKeys: PartitionStateReader
  readonly flow: Flow
  /** The output of each worker. */
  readonly output: readonly string[]
}

const KEPT = ['input', 'readings', 'events', 'failures'] as const

/** @returns the folder */
export async function keep(result: Result, { log, stateKeys, flow, output }: RunParts): Promise<string> {
  const { options } = result
  const folder = join(options.out, `${options.seed}-${Date.now()}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'report.txt'), `${report(result).join('\n')}\n`)
  await writeFile(
    join(folder, 'run.json'),
    `${JSON.stringify({ options, struck: result.struck }, undefined, 2)}\n`,
  )
  for (const [index, text] of output.entries()) await writeFile(join(folder, `worker-${index + 1}.log`), text)
  for (const source of KEPT) await keepTopic(log, flow.topic(source), join(folder, `${source}.ndjson`))
  const contents = await Promise.all(
    flow.stateKeys().map(async stateKey => ({ stateKey, ...(await stateKeys.contents(stateKey)) })),
  )
  const plain = (_: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)
  await writeFile(join(folder, 'partition-states.json'), `${JSON.stringify(contents, plain, 2)}\n`)
  return folder
}

async function keepTopic(log: KafkaLog, topic: string, file: string): Promise<void> {
  const out = createWriteStream(file)
  for (const [partition, end] of (await log.ends(topic)).entries())
    for await (const record of log.records(topic, partition, end))
      out.write(`${JSON.stringify(createLineData(record))}\n`)
  out.end()
  await finished(out)
}

function createLineData({ key, value, headers, ...place }: KafkaRecord): object {
  const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null
  const named = headers.map(([name, bytes]) => [name, String(bytes)])
  return { ...place, key: base64(key), value: base64(value), headers: named }
}
