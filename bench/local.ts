import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { duration } from '../lib/app/settings/duration.ts'
import { durationText } from '../lib/duration.ts'
import { GENERATOR_DEFAULTS } from '../lib/telemetry/simulator/settings.ts'
import { simulate } from '../lib/telemetry/simulator.ts'
import { toJsonEvent } from '../packages/runtime/cloudevents/json-format.ts'
import { wholeNumber } from '../packages/runtime/settings/values.ts'
import { runMain } from '../programs/main.ts'
import { readOptions } from '../programs/options.ts'
import { PROJECT } from '../programs/paths.ts'
import { UserError } from '../programs/user-error.ts'
import { aimed, type Figure, table } from './kit/figures.ts'
import { type Memory, memoryOf, totalOf } from './local/memory.ts'
import { type Started, started } from './local/started.ts'

// `npm run bench:local`: `npm start` on this machine, beside whatever else runs there: when readings flow, and how much memory each
// process has, at the generator's rate and while readings are replayed.

const NAME = 'bench-local'
const FLOWING_S = 15
const AT_REST_MIB = 2 * 1024
const REPLAYED_MIB = 3 * 1024
const LOOK_EVERY_MS = 1_000

const USAGE = `Usage: npm run bench:local -- [options]

Starts npm start twice: the first one warms the machine, and the second one is measured. Memory is the proportional set size, which
Linux alone reports.

  --for TIME   how long it runs at the generator's rate (10m)
  --replay N   how many readings are then replayed at once (50000)
  --json FILE  writes the figures to this file`

const OPTIONS = {
  for: { type: 'string', default: '10m' },
  replay: { type: 'string', default: '50000' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

interface Options {
  readonly for: number
  readonly replay: number
  readonly json?: string | undefined
}

// Waiting for a process does not keep this one alive.
const alive = setInterval(() => {}, 60_000)
await runMain({ readOptions: optionsOf, usage: USAGE, run })
clearInterval(alive)

/** Returns undefined if the arguments ask for help. */
function optionsOf(args: readonly string[]): Options | undefined {
  const kinds = { for: duration(), replay: wholeNumber({ least: 1 }) }
  const options = readOptions('npm run bench:local', args, OPTIONS, kinds)
  return options.help ? undefined : options
}

async function run(options: Options, signal: AbortSignal): Promise<number> {
  if (!existsSync('/proc/self/smaps_rollup'))
    throw new UserError(
      'This system does not report the proportional set size of a process (/proc/PID/smaps_rollup). Run bench:local on Linux.',
    )
  const folder = await mkdtemp(join(tmpdir(), 'bench-local-'))
  try {
    const logFile = join(folder, 'start.log')
    console.log('warming the machine')
    await (await started(NAME, ['--fresh'], logFile, signal)).stop()
    console.log('starting')
    const running = await started(NAME, [], logFile, signal)
    try {
      const figures = await measured(running, options, folder, signal)
      console.log(`\n${table(figures)}`)
      if (options.json) await writeFile(options.json, `${JSON.stringify({ figures }, undefined, 2)}\n`)
    } finally {
      await running.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return 0
}

async function measured(
  running: Started,
  options: Options,
  folder: string,
  signal: AbortSignal,
): Promise<Figure[]> {
  const { pid, readyMs, flowingMs } = running
  const figures = [
    seconds('functions read Kafka', readyMs),
    aimed('local/readings flow', 's', { atMost: FLOWING_S }, [flowingMs / 1_000]),
    ...byPart('when readings flow', await memoryOf(pid)),
  ]
  console.log(`readings flow after ${durationText(flowingMs)}`)
  await pause(options.for, undefined, { signal })
  figures.push(...byPart(`after ${durationText(options.for)}`, await memoryOf(pid), AT_REST_MIB))
  console.log(`replaying ${options.replay} readings`)
  const file = join(folder, 'readings.jsonl')
  await writeFile(file, readings(options.replay))
  const beganAtMs = performance.now()
  const over = new AbortController()
  const most = mostMemory(pid, over.signal)
  try {
    await replayed(file, signal)
    await running.untilProcessed(signal)
  } finally {
    over.abort()
  }
  figures.push(seconds(`${options.replay} readings`, performance.now() - beganAtMs))
  figures.push(...byPart('most during the replay', await most, REPLAYED_MIB))
  return figures
}

/** Returns simulated readings as a stream of CloudEvents, one a line. */
function readings(count: number): string {
  let lines = ''
  let left = count
  for (const { event } of simulate(GENERATOR_DEFAULTS, 0, Math.ceil(count / GENERATOR_DEFAULTS.fleet.length)))
    if (left-- > 0) lines += `${JSON.stringify(toJsonEvent(event))}\n`
  return lines
}

/** @throws Error if the command fails */
async function replayed(file: string, signal: AbortSignal): Promise<void> {
  const args = ['replay', file, '--speed', 'max', '--shift', 'now', '--stack', NAME]
  const child = spawn(join(PROJECT, 'bin', 'sluice.mjs'), args, {
    signal,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', piece => {
    said = `${said}${piece}`.slice(-2_000)
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`sluice replay failed:\n${said}`)
}

/** The memory at the moment when the total was the highest. */
async function mostMemory(pid: number, over: AbortSignal): Promise<Memory> {
  let most = await memoryOf(pid)
  while (!over.aborted) {
    const memory = await memoryOf(pid)
    if (totalOf(memory) > totalOf(most)) most = memory
    await pause(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => {})
  }
  return most
}

function seconds(name: string, ms: number): Figure {
  return { name: `local/${name}`, unit: 's', rounds: [ms / 1_000], worse: 'higher' }
}

function byPart(when: string, memory: Memory, atMost?: number): Figure[] {
  const total = [totalOf(memory)]
  const name = `local/${when}`
  return [
    ...[...memory].map(([part, mib]) => ({
      name: `${name}, ${part}`,
      unit: 'MiB',
      rounds: [mib],
      worse: 'higher' as const,
    })),
    atMost === undefined
      ? { name: `${name}, all`, unit: 'MiB', rounds: total, worse: 'higher' }
      : aimed(`${name}, all`, 'MiB', { atMost }, total),
  ]
}
