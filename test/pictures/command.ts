/** `npm run pictures`: the pictures of the console in the manual, from a stack of its own. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { Program, runProgram } from '@sluice/test-kit/program'
import type { Page } from 'playwright-core'
import { environmentReading } from '#runtime/test/support/records'
import { readOptions } from '../../scripts/command-line.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { runMain } from '../../scripts/run-main.ts'
import { runningStack } from '../../scripts/running-stacks.ts'
import { TestBrowser } from '../support/browser.ts'
import { NAMES } from '../support/families.ts'
import { type Say, sayWithSeconds } from '../support/say.ts'
import { writtenMessage } from '../support/written-message.ts'
import { SimulatedFlow } from './simulated-flow.ts'

const FOLDER = join(PROJECT, 'docs', 'pictures')
const STACK = 'pictures'
const ENV = 'local'
const READINGS_PER_SECOND = 200
const VIEWPORT = { width: 1280, height: 800 }
const SLUICE = join(PROJECT, 'cli', 'sluice.ts')
/** Producer of readings in Protobuf. */
const DEVICES = join(PROJECT, 'examples', 'device-producer-proto', 'main.mjs')

const USAGE = `Usage: npm run pictures

Makes the pictures of the console in docs/pictures, in about three minutes. It starts a stack of its own, named ${STACK}.`

const OPTIONS = { help: { type: 'boolean', default: false } } as const

/** A picture stays small enough for a clone and for a page. */
const MAX_BYTES = 150 * 1024

/** Time in which readings fill the charts. */
const FILL_MS = 100_000

interface Shot {
  readonly file: string
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Temperature of the sensor of the story that is sent first. */
  readonly sends?: number
  /** Steps that lead from the page to what is shown. */
  readonly open?: (page: Page) => Promise<void>
}

/** The sensor of the story: it goes hot, its alert fires, a notification leaves, it cools down, and the alert resolves. */
const SENSOR = 'server-room-7'
/** Temperatures of the story in °C until the alert fires, and the time between two of them. */
const STORY = [
  22, 22.4, 21.8, 22.6, 22.1, 23, 22.7, 23.4, 24, 23.6, 25, 27.5, 31, 36, 42, 44, 43.2, 44.6, 44, 45.1,
]
const STORY_EVERY_MS = 3 * 60_000
/** Temperature at which the alert of the story resolves. */
const COOLED = 25

const SHOTS: readonly Shot[] = [
  {
    file: 'console-telemetry.png',
    path: '/telemetry',
    query: { entity: `/environment/test-site ${SENSOR}` },
    open: page => page.getByText('firing', { exact: true }).first().waitFor(),
  },
  {
    file: 'console-alert.png',
    path: '/alerts',
    query: { state: 'all' },
    sends: COOLED,
    open: page =>
      page
        .getByRole('row')
        .filter({ hasText: SENSOR })
        .filter({ hasText: 'resolved' })
        .getByRole('link')
        .first()
        .click(),
  },
  { file: 'console-alerts.png', path: '/alerts' },
  { file: 'console-rules.png', path: '/alerts/rules' },
  { file: 'console-failures.png', path: '/failures' },
  { file: 'console-kafka.png', path: '/kafka' },
  { file: 'console-topic.png', path: '/kafka', query: { topic: NAMES.topicName('readings', ENV) } },
  {
    file: 'console-protobuf.png',
    path: '/kafka/messages',
    query: { topic: NAMES.topicName('readings', ENV), text: 'asset-tag-1-p1' },
    open: page =>
      page
        .getByRole('button', { name: /^Message / })
        .first()
        .click(),
  },
  { file: 'console-groups.png', path: '/kafka/groups' },
  {
    file: 'console-messages.png',
    path: '/kafka/messages',
    query: { topic: NAMES.topicName('readings', ENV) },
  },
  { file: 'console-table.png', path: '/tables', query: { table: 'device_sensor_stats' } },
]

// Waiting for a server does not keep this process alive.
const alive = setInterval(() => {}, 60_000)
await runMain({ readOptions: parseOptions, usage: USAGE, run: takePictures })
clearInterval(alive)

function parseOptions(args: readonly string[]): object | undefined {
  return readOptions('npm run pictures', args, OPTIONS, {}).help ? undefined : {}
}

/** Starts the stack and a flow of readings, and takes the pictures while they run. */
async function takePictures(_options: object, signal: AbortSignal): Promise<number> {
  const say = sayWithSeconds()
  say('starting a stack')
  const args = ['--name', STACK, '--fresh', '--registry']
  const env = { SLUICE_GENERATOR: 'off' }
  const started = new Program(join(PROJECT, 'localstack', 'start.ts'), args, { signal, env })
  const over = new AbortController()
  let flowing: Promise<void> | undefined
  let devices: Program | undefined
  try {
    await started.says(/^Ctrl-C stops everything/m)
    const client = await ForeignClient.connect((stack().variables.KAFKA_BROKERS ?? '').split(','))
    const flow = new SimulatedFlow(client, ENV, READINGS_PER_SECOND)
    flowing = flow.run(AbortSignal.any([signal, over.signal])).finally(() => client.close())
    await fill(client, say)
    devices = new Program(DEVICES, [], { signal, env: stack().variables })
    await takeShots(client, say, signal)
  } finally {
    over.abort()
    await flowing
    devices?.signal('SIGTERM')
    await devices?.ended
    started.signal('SIGTERM')
    await started.ended
  }
  return 0
}

/** Gives every area something to show: the story of a hot sensor, alerts that fire, a silence, and records that fail. */
async function fill(client: ForeignClient, say: Say): Promise<void> {
  say('schemas, a silence, hot rooms, and a record that fails')
  await sluice(['schemas', 'register', '--yes'])
  await sluice(['silence', 'add', '--rule', 'HIGH_WIND', '--for', '2h', '--comment', 'a storm is announced'])
  const story = STORY.map((temperature, at) =>
    toMessage(SENSOR, temperature, Date.now() - (STORY.length - 1 - at) * STORY_EVERY_MS),
  )
  const hot = ['server-room-1', 'server-room-2'].map((sensor, at) => toMessage(sensor, 41.5 + at, Date.now()))
  const foreign = { key: 'fridge-2', value: JSON.stringify({ fridge: 'fridge-2', celsius: 8.4 }) }
  await client.send(NAMES.topicName('readings', ENV), [...story, ...hot, foreign])
}

function toMessage(sensor: string, temperature: number, atMs: number) {
  const time = new Date(atMs).toISOString()
  return writtenMessage(environmentReading(`${sensor} at ${time}`, { sensor, temperature, time }))
}

async function takeShots(client: ForeignClient, say: Say, signal: AbortSignal): Promise<void> {
  const browser = await TestBrowser.launch()
  try {
    // The figures of the overview are those since the page was opened.
    const overview = await browser.visit(getAddress('/'), VIEWPORT)
    await pause(FILL_MS, undefined, { signal })
    await picture(overview.page, 'console-overview.png')
    for (const { file, path, query, sends, open } of SHOTS) {
      say(file)
      if (sends !== undefined)
        await client.send(NAMES.topicName('readings', ENV), [toMessage(SENSOR, sends, Date.now())])
      const { page } = await browser.visit(getAddress(path, query), VIEWPORT)
      await settled(page)
      await open?.(page)
      await settled(page)
      await picture(page, file)
    }
  } finally {
    await browser.close()
  }
}

/** Takes a picture of what of a page fits into the window. */
async function picture(page: Page, file: string): Promise<void> {
  const target = join(FOLDER, file)
  await page.screenshot({ path: target })
  await page.context().close()
  const { size } = await stat(target)
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, of at most ${MAX_BYTES}`)
}

/** The address of a page of the console, with the token. */
function getAddress(path: string, query: Shot['query'] = {}): string {
  const address = new URL(stack().consoleAddress ?? '')
  address.pathname = path
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value)
  return address.href
}

/** Waits until the page has a heading, no part of it is loading, and charts have had a second of live data. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await page.locator('[aria-busy=true], .loading').first().waitFor({ state: 'detached' })
  await pause(1_500)
}

function stack() {
  const running = runningStack(STACK)
  if (!running) throw new Error(`the stack ${STACK} does not run`)
  return running
}

async function sluice(args: readonly string[]): Promise<string> {
  const { code, output } = await runProgram(SLUICE, ['--stack', STACK, ...args])
  if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with status ${code}:\n${output}`)
  return output
}
