/** `npm run pictures`: the pictures of the manual, from a stack of its own. */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { topicName } from '../../lib/app/topics.ts'
import { runMain, type Say, sayWithSeconds } from '../../programs/main.ts'
import { readOptions } from '../../programs/options.ts'
import { PROJECT } from '../../programs/paths.ts'
import { runningStack } from '../../programs/stack.ts'
import { TestBrowser } from '../support/browser.ts'
import { ForeignClient } from '../support/foreign-client.ts'
import { Program, runProgram } from '../support/program.ts'
import { DIAGRAMS } from './diagrams.ts'
import { diagramSvg, terminalSvg } from './svg.ts'

const FOLDER = join(PROJECT, 'docs', 'pictures')
const STACK = 'pictures'
const SLUICE = join(PROJECT, 'cli', 'sluice.ts')

const USAGE = `Usage: npm run pictures -- [options]

Makes the pictures of the manual in docs/pictures, in about three minutes: diagrams, pages of the console, and the output
of commands. It starts a stack of its own, named ${STACK}.

  --diagrams   only the diagrams, which need no stack`

const OPTIONS = {
  diagrams: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** A picture stays small enough for a clone and for a page. */
const MAX_BYTES = 150 * 1024

/** Time in which simulated readings fill the charts. */
const FILL_MS = 100_000

interface Shot {
  readonly file: string
  readonly path: string
  /** Steps that lead from the page to what is shown. */
  readonly open?: (page: Page) => Promise<void>
}

const SHOTS: readonly Shot[] = [
  { file: 'console-overview.png', path: '/' },
  {
    file: 'console-telemetry.png',
    path: '/telemetry',
    open: page => page.locator('table a').first().click(),
  },
  { file: 'console-alerts.png', path: '/alerts' },
  { file: 'console-rules.png', path: '/alerts/rules' },
  { file: 'console-failures.png', path: '/failures' },
  {
    file: 'console-event.png',
    path: '/event',
    open: page =>
      page
        .getByRole('link', { name: /Reading → Alert fires/ })
        .first()
        .click(),
  },
  { file: 'console-state.png', path: '/state' },
  { file: 'console-kafka.png', path: '/kafka' },
  { file: 'console-write.png', path: '/write' },
]

/** Commands whose output is a picture, with the number of lines that are shown. */
const TERMINALS = [
  {
    file: 'producer.svg',
    args: [
      'replay',
      'events/streams/database-load.jsonl',
      '--speed',
      'max',
      '--shift',
      'now',
      '--limit',
      '40',
    ],
    lines: 12,
  },
  { file: 'consumer.svg', args: ['consume', '--topic', 'readings', '--from', '5m', '-n', '12'], lines: 20 },
  { file: 'registry.svg', args: ['schemas', 'list'], lines: 20 },
] as const
const MAX_COLUMNS = 130

// Waiting for a server does not keep this process alive.
const alive = setInterval(() => {}, 60_000)
await runMain({ readOptions: args => optionsOf(args), usage: USAGE, run: makePictures })
clearInterval(alive)

function optionsOf(args: readonly string[]): { readonly diagrams: boolean } | undefined {
  const { help, ...options } = readOptions('npm run pictures', args, OPTIONS, {})
  return help ? undefined : options
}

async function makePictures(
  { diagrams }: { readonly diagrams: boolean },
  signal: AbortSignal,
): Promise<number> {
  const say = sayWithSeconds()
  await mkdir(FOLDER, { recursive: true })
  for (const [file, diagram] of Object.entries(DIAGRAMS))
    await writeFile(join(FOLDER, file), diagramSvg(diagram))
  if (diagrams) return 0
  const started = new Program(
    join(PROJECT, 'localstack', 'start.ts'),
    ['--name', STACK, '--fresh', '--registry'],
    { signal },
  )
  try {
    say('starting a stack')
    await started.says(/^Ctrl-C stops everything/m)
    await fill(say)
    await pause(FILL_MS, undefined, { signal })
    await takeShots(say)
    for (const { file, args, lines } of TERMINALS) {
      say(file)
      const shown = (await sluice(args))
        .trimEnd()
        .split('\n')
        .map(line => line.trimEnd().slice(0, MAX_COLUMNS))
      await writeFile(
        join(FOLDER, file),
        terminalSvg(`sluice ${args.join(' ')}`, [`$ npx sluice ${args.join(' ')}`, ...shown.slice(0, lines)]),
      )
    }
    return 0
  } finally {
    started.signal('SIGTERM')
    await started.ended
  }
}

/** Gives every area something to show: alerts, a silence, and records that fail. */
async function fill(say: Say): Promise<void> {
  say('sending two hot days, a record that fails, and a silence')
  await sluice(['schemas', 'register', '--yes'])
  await sluice(['replay', 'events/streams/heatwave.jsonl', '--speed', 'max', '--shift', 'now'])
  await sluice(['silence', 'add', '--rule', 'HIGH_WIND', '--for', '2h', '--comment', 'a storm is announced'])
  const client = await ForeignClient.connect((stack().variables.KAFKA_BROKERS ?? '').split(','))
  const value = JSON.stringify({ fridge: 'fridge-2', celsius: 8.4 })
  await client.send(topicName('readings', 'local'), [{ key: 'fridge-2', value }])
  await client.close()
}

async function takeShots(say: Say): Promise<void> {
  const browser = await TestBrowser.launch()
  try {
    for (const { file, path, open } of SHOTS) {
      say(file)
      const address = new URL(stack().consoleAddress ?? '')
      address.pathname = path
      const visit = await browser.visit(address.href, { width: 1280, height: 800 })
      await settled(visit.page)
      await open?.(visit.page)
      await settled(visit.page)
      const target = join(FOLDER, file)
      await visit.page.screenshot({ path: target })
      await visit.page.context().close()
      const { size } = await stat(target)
      if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, of at most ${MAX_BYTES}`)
    }
  } finally {
    await browser.close()
  }
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
