import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { type Event, formatEntity } from '#runtime/consumer'
import { KNOWN } from '../../lib/analytics/known.ts'
import { createStatistics, type EntityStatistics } from '../../lib/analytics/processor.ts'
import type { ReadingData } from '../../lib/telemetry/families.ts'
import { families } from '../kit/vocabulary.ts'
import { Noting } from './noting.ts'

// Restate's side: a virtual object for each entity, whose handler takes the same step as the processor. Emissions and timers are
// omitted. A note is written when the handler ends, before the server has stored its effect.

interface Context {
  get<T>(name: string): Promise<T | null>
  set(name: string, value: unknown): void
  request(): { readonly headers: ReadonlyMap<string, string> }
}

interface Restate {
  object(definition: object): unknown
  serve(options: object): Promise<number>
}

const [installed = '', port = '', notes = ''] = process.argv.slice(2)
const restate: Restate = createRequire(join(installed, 'package.json'))('@restatedev/restate-sdk')
const noting = new Noting(notes)

const statistics = createStatistics(families)

async function apply(context: Context, event: Event<ReadingData>): Promise<void> {
  const timeMs = Date.parse(event.time ?? '')
  const state = (await context.get<EntityStatistics>('state')) ?? undefined
  const step = statistics.onEvent(state, { ...event, timeMs, entity: formatEntity(event) }, KNOWN.initial)
  if (!('state' in step)) return refused(step)
  context.set('state', step.state)
  noting.applied(Number(context.request().headers.get('kafka.timestamp')))
}

/** Ends the process: Restate would drop the record and go on. */
function refused(why: object): never {
  console.error(`the processor's step refuses a reading: ${JSON.stringify(why)}`)
  process.exit(1)
}

// Completed invocations keep no journal: their effect is the state.
const options = { journalRetention: { seconds: 0 } }
await restate.serve({
  services: [restate.object({ name: 'statistics', handlers: { apply }, options })],
  port: Number(port),
})
console.log('ready')
