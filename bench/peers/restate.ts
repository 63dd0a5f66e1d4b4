import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Program } from '@sluice/test-kit/program'
import { freePorts, LOOPBACK } from '#local-servers/ports'
import type { EntityStatistics } from '../../lib/analytics/processor.ts'
import { Notes } from '../kit/notes.ts'
import { processorTime, residentBytes } from '../kit/processes.ts'
import type { Note } from './noting.ts'
import { type SensorState, type Side, toSensorState } from './side.ts'

interface Options {
  /** Where Restate's packages are. */
  readonly installed: string
  readonly broker: string
  readonly topic: string
  /** A folder for the data of this server alone. */
  readonly folder: string
  readonly signal: AbortSignal
}

const READY_WITHIN_MS = 60_000
/** Else it logs about every invocation. */
const QUIET = { RUST_LOG: 'error', RESTATE_LOGGING: 'ERROR' }

/** Starts a Restate server, the service, and a subscription to the topic from its beginning. */
export async function startRestate({ installed, broker, topic, folder, signal }: Options): Promise<Side> {
  await mkdir(folder, { recursive: true })
  const [node = 0, ingress = 0, admin = 0, service = 0] = await freePorts(4)
  const [config, file] = [join(folder, 'restate.toml'), join(folder, 'notes.ndjson')]
  await writeFile(config, configuration({ node, ingress, admin, broker, folder }))
  const entry = join(installed, 'node_modules', '@restatedev', 'restate-server', 'lib', 'index.js')
  const launch = () => [
    new Program(entry, ['--config-file', config, '--listen-mode', 'tcp', '--no-logo'], {
      env: QUIET,
      cwd: folder,
    }),
    new Program(join(import.meta.dirname, 'restate-service.ts'), [installed, `${service}`, file], {
      env: QUIET,
    }),
  ]
  const over = new Set<Program>()
  const notes = new Notes<Note>(file)
  let programs: readonly Program[] = []
  const groups = () => programs.flatMap(({ pid }) => pid ?? [])
  const side: Side = {
    notes: () => notes.read(),
    states: () => readStates(admin),
    processorMs: () => processorTime(groups()),
    memoryBytes: async () => (await residentBytes(groups())) ?? Number.NaN,
    failed: () => programs.find(program => over.has(program))?.output,
    async kill() {
      for (const program of programs) program.signal('SIGKILL')
      await Promise.all(programs.map(({ ended }) => ended))
    },
    async resume() {
      programs = launch()
      for (const program of programs) void program.ended.then(() => over.add(program))
    },
    async stop() {
      for (const program of programs) program.signal('SIGTERM')
      await Promise.all(programs.map(endedSoon))
    },
  }
  await side.resume()
  try {
    await programs[1]?.says(/^ready$/m)
    await untilHealthy(admin, side, signal)
    await post(admin, '/deployments', { uri: `http://${LOOPBACK}:${service}` })
    await post(admin, '/subscriptions', {
      source: `kafka://bench/${topic}`,
      sink: 'service://statistics/apply',
      options: { 'auto.offset.reset': 'earliest' },
    })
    return side
  } catch (error) {
    await side.stop()
    throw error
  }
}

/**
 * Loopback only, and without telemetry. Writes reach the operating system before they count, as those of Valkey do here, and are not
 * forced to the disk one by one, which is Restate's default.
 */
function configuration({
  node,
  ingress,
  admin,
  broker,
  folder,
}: {
  node: number
  ingress: number
  admin: number
  broker: string
  folder: string
}): string {
  return `base-dir = ${JSON.stringify(join(folder, 'data'))}
node-name = "bench"
disable-telemetry = true
bind-address = "${LOOPBACK}:${node}"
advertised-address = "http://${LOOPBACK}:${node}"
[log-server]
rocksdb-disable-wal-fsync = true
[admin]
bind-address = "${LOOPBACK}:${admin}"
[ingress]
bind-address = "${LOOPBACK}:${ingress}"
[[ingress.kafka-clusters]]
name = "bench"
brokers = ["PLAINTEXT://${broker}"]
`
}

const GRACE_MS = 8_000

async function endedSoon(program: Program): Promise<void> {
  const tooLate = setTimeout(() => program.signal('SIGKILL'), GRACE_MS)
  await program.ended
  clearTimeout(tooLate)
}

async function untilHealthy(admin: number, side: Side, signal: AbortSignal): Promise<void> {
  const endAtMs = Date.now() + READY_WITHIN_MS
  for (;;) {
    const isHealthy = await fetch(`http://${LOOPBACK}:${admin}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isHealthy) return
    const failure = side.failed()
    if (failure !== undefined || Date.now() > endAtMs)
      throw new Error(`Restate did not start:\n${failure ?? ''}`)
    await pause(100, undefined, { signal })
  }
}

async function post(admin: number, path: string, body: object): Promise<unknown> {
  const response = await fetch(`http://${LOOPBACK}:${admin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Restate answered ${response.status} to ${path}: ${text}`)
  return JSON.parse(text)
}

/** Returns the states stored in the server, read from its own API. */
async function readStates(admin: number): Promise<ReadonlyMap<string, SensorState>> {
  const query = `SELECT service_key, value_utf8 FROM state WHERE service_name = 'statistics' AND key = 'state'`
  const { rows } = (await post(admin, '/query', { query })) as {
    rows: readonly { readonly service_key: string; readonly value_utf8: string }[]
  }
  return new Map(
    rows.map(
      row => [row.service_key, toSensorState(JSON.parse(row.value_utf8) as EntityStatistics)] as const,
    ),
  )
}
