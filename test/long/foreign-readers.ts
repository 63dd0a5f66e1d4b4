/** Consumers that are not part of Sluice: librdkafka from a Python package, and the Java client from Kafka's tools. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT } from '@sluice/test-kit/program'
import { HOPELESS_MS } from '@sluice/test-kit/until'
import { KAFKA_VERSION } from '#local-servers/kafka'
import { requireJava } from '#local-servers/requirements'
import { LOCAL } from '../../scripts/paths.ts'

export interface SeenRecord {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

const run = promisify(execFile)
const LIMITS = { timeout: HOPELESS_MS, maxBuffer: 64 * 1024 * 1024 }

/** Reads the given number of committed records with librdkafka, which `installForeignClients` installs. */
export async function readWithLibrdkafka(
  brokers: readonly string[],
  topic: string,
  count: number,
): Promise<SeenRecord[]> {
  const python = join(LOCAL, 'python', 'librdkafka', 'bin', 'python')
  const script = join(PROJECT, 'test', 'long', 'librdkafka_reader.py')
  const { stdout } = await run(python, [script, brokers.join(','), topic, String(count)], LIMITS)
  return lines(stdout).map(line => JSON.parse(line))
}

/**
 * Reads the given number of committed records with the Java client. Keys, values and headers must not contain tabs or line breaks.
 */
export async function readWithJava(
  brokers: readonly string[],
  topic: string,
  count: number,
): Promise<SeenRecord[]> {
  const jars = ['kafka', 'kafka-tools'].map(folder => join(LOCAL, folder, KAFKA_VERSION, '*'))
  const { stdout } = await run(
    await requireJava(),
    [
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
      ...['-cp', jars.join(':'), 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
      ...['--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning'],
      ...['--max-messages', String(count), '--timeout-ms', '30000', '--isolation-level', 'read_committed'],
      ...['--formatter-property', 'print.key=true', '--formatter-property', 'print.headers=true'],
      ...['--formatter-property', 'key.separator=\t', '--formatter-property', 'headers.separator=\u0001'],
    ],
    LIMITS,
  )
  return lines(stdout).map(line => {
    const [headers = '', key = '', value = ''] = line.split('\t')
    const named = headers.split('\u0001').map(header => {
      const colon = header.indexOf(':')
      return [header.slice(0, colon), header.slice(colon + 1)]
    })
    return { key, value, headers: Object.fromEntries(named) }
  })
}

function lines(text: string): string[] {
  return text.split('\n').filter(line => line !== '')
}
