import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { duration } from '../lib/app/settings/duration.ts'
import { durationText } from '../lib/duration.ts'
import { createResources } from '../localstack/resources.ts'
import { createTopics } from '../localstack/topics.ts'
import { wholeNumber } from '../packages/runtime/settings/values.ts'
import { runMain } from '../programs/main.ts'
import { readOptions } from '../programs/options.ts'
import { TestBrowser } from '../test/support/browser.ts'
import { ForeignClient } from '../test/support/foreign-client.ts'
import { Offline } from '../test/support/offline.ts'
import { withOwnServers } from '../test/support/own-servers.ts'
import { awsEndpoint, brokers } from '../test/support/servers.ts'
import { filledPages, OpenPage } from './console/pages.ts'
import { ConsoleServer } from './console/server.ts'
import { SimulatedFlow } from './console/simulated-flow.ts'
import { aimed, type Figure, table } from './kit/figures.ts'

// `npm run bench:console`: the console with a real flow. All functions run, readings arrive at a steady rate, and one page stays
// open. Measures the time until each page is filled, and the growth of the memory of page and server. The functions report every
// record to the console, as under `npm start`.

/** The environment that is shown. */
const ENV = 'bench'
const MAX_FILLED_MS = 1_000
const MAX_GROWTH = 1.1
/** The page's window of the past is full after this time. */
const FIRST_AFTER_MS = 5 * 60_000

const USAGE = `Usage: npm run bench:console -- [options]

  --for TIME       how long the page stays open (60m); less than ten minutes tells little of its memory
  --rate N         readings a second (1000)
  --picture FILE   takes a picture of the overview at the end
  --json FILE      writes the figures to this file`

const OPTIONS = {
  for: { type: 'string', default: '60m' },
  rate: { type: 'string', default: '1000' },
  picture: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

interface Options {
  readonly for: number
  readonly rate: number
  readonly picture?: string | undefined
  readonly json?: string | undefined
}

// Waiting for a server does not keep this process alive.
const alive = setInterval(() => {}, 60_000)
await runMain({ readOptions: optionsOf, usage: USAGE, run })
clearInterval(alive)

/** Undefined if the arguments ask for help. */
function optionsOf(args: readonly string[]): Options | undefined {
  const kinds = { for: duration(), rate: wholeNumber({ least: 1 }) }
  const options = readOptions('npm run bench:console', args, OPTIONS, kinds)
  return options.help ? undefined : options
}

async function run(options: Options, signal: AbortSignal): Promise<number> {
  const figures = await withOwnServers({ signal }, async variables => {
    Object.assign(process.env, variables)
    return withFlow(options, signal, measured)
  })
  console.log(`\n${table(figures)}`)
  if (options.json) await writeFile(options.json, `${JSON.stringify({ figures }, undefined, 2)}\n`)
  return 0
}

/** The flow to look at. */
interface Flowing {
  readonly flow: SimulatedFlow
  readonly server: ConsoleServer
}

type Measure = (flowing: Flowing, options: Options, signal: AbortSignal) => Promise<Figure[]>

/** Starts the console and the functions, and sends readings while `measure` runs. */
async function withFlow(options: Options, signal: AbortSignal, measure: Measure): Promise<Figure[]> {
  await createTopics({ brokers: brokers(), env: ENV })
  await createResources({ awsEndpoint: awsEndpoint(), env: ENV, generator: {} })
  const client = await ForeignClient.connect()
  const over = new AbortController()
  let server: ConsoleServer | undefined
  let offline: Offline | undefined
  try {
    console.log('starting the console and the functions')
    server = await ConsoleServer.start(ENV)
    offline = await Offline.start(ENV, server.functionVariables)
    await offline.invoke('rules')
    const flow = new SimulatedFlow(client, ENV, options.rate)
    const flowing = flow.run(AbortSignal.any([signal, over.signal]))
    const figures = await measure({ flow, server }, options, signal)
    over.abort()
    await flowing
    return figures
  } finally {
    over.abort()
    await offline?.stop()
    await server?.stop()
    await client.close()
  }
}

async function measured({ flow, server }: Flowing, options: Options, signal: AbortSignal): Promise<Figure[]> {
  const browser = await TestBrowser.launch()
  try {
    const open = await OpenPage.at(browser, server.address('/'))
    const openedAtMs = performance.now()
    const openFor = (ms: number) => pauseFor(openedAtMs + ms - performance.now(), signal)
    const filled = await filledPages(browser, server, line => console.log(line))
    const firstMs = Math.min(FIRST_AFTER_MS, options.for / 2)
    await openFor(firstMs)
    const [before, serverBefore] = [await open.heap(), await server.heap()]
    console.log(`after ${durationText(firstMs)}: page ${mib(before)}, server ${mib(serverBefore)}`)
    await openFor(options.for)
    const [after, serverAfter] = [await open.heap(), await server.heap()]
    console.log(`after ${durationText(options.for)}: page ${mib(after)}, server ${mib(serverAfter)}`)
    if (options.picture) await open.picture(options.picture)
    await open.close()
    const growth = (name: string, from: number, to: number) => [
      { name: `console/heap of the ${name} at the end`, unit: 'MiB', rounds: [to / 1024 / 1024] },
      aimed(`console/heap of the ${name}, end to beginning`, 'times', { atMost: MAX_GROWTH }, [to / from]),
    ]
    return [
      { name: 'console/readings', unit: 'a second', rounds: [flow.achieved] },
      ...filled.map(({ path, times }) =>
        aimed(`console${path} is filled`, 'ms', { atMost: MAX_FILLED_MS }, times),
      ),
      ...growth('page', before, after),
      ...growth('server', serverBefore, serverAfter),
    ]
  } finally {
    await browser.close()
  }
}

/** @throws the reason of the signal */
async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(0, ms), undefined, { signal })
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
