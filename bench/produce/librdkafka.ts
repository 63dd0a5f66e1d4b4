import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { OutgoingRecord } from '#runtime/cloudevents/record.ts'
import { PROFILES, type ProfileName } from '#runtime/producer/index.ts'
import { ensureInstalled, pythonPackages } from '../../localstack/services/install.ts'
import { LOCAL } from '../../scripts/paths.ts'
import type { Target } from './sides.ts'

const PYTHON = join(LOCAL, 'python', 'librdkafka')

/** librdkafka by its Python package, which is how most people who do not write C use it. */
export async function installLibrdkafka(signal: AbortSignal, logsDir: string): Promise<void> {
  const packages = { service: 'kafka', title: 'librdkafka', lock: 'librdkafka.txt' } as const
  await ensureInstalled(pythonPackages({ ...packages, dir: PYTHON }), { signal, logsDir })
}

/** A file of the records, for `librdkafkaMs`. */
export async function writeRecords(file: string, records: readonly OutgoingRecord[]): Promise<void> {
  const lines = records.map(({ key, value, headers }) =>
    JSON.stringify([
      key?.toString(),
      value?.toString(),
      headers.map(([name, bytes]) => [name, String(bytes)]),
    ]),
  )
  await writeFile(file, lines.join('\n'))
}

/** Milliseconds from the first record to the acknowledgement of the last, after as many to warm up. */
export async function librdkafkaMs(
  profile: ProfileName,
  file: string,
  { broker, topic }: Target,
  signal: AbortSignal,
): Promise<number> {
  const { settings } = PROFILES[profile]
  const options = {
    'bootstrap.servers': broker,
    acks: settings.acks,
    'compression.type': settings.compression,
    'linger.ms': settings.lingerMs,
    'batch.num.messages': settings.batchRecords,
    'batch.size': settings.batchBytes,
    'enable.idempotence': settings.idempotent,
    'max.in.flight': settings.maxInFlight,
    partitioner: 'murmur2_random',
  }
  const script = join(import.meta.dirname, 'librdkafka.py')
  const args = [script, file, topic, JSON.stringify(options)]
  const { stdout } = await promisify(execFile)(join(PYTHON, 'bin', 'python'), args, { signal })
  return Number(stdout)
}
