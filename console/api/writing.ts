/** Readings that a person writes, and recorded streams that are played; on this machine only. */
import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { object } from 'valibot'
import { packagedSchema } from '../../lib/app/packaged-schemas.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { type ConsoleHono, requireOperator } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { watchable } from '../live/watchable.ts'
import { ProblemError, problemOf } from './problem.ts'
import { bodyOf } from './query.ts'
import { audited, publishAudit, replayAudit, stopAudit } from './writing/audit.ts'
import { type FamilyForm, formOf, KEY_STRATEGIES } from './writing/forms.ts'
import { playInto } from './writing/player.ts'
import { type Delivery, publishReading } from './writing/publish.ts'
import { type RecordingShown, Recordings } from './writing/recordings.ts'
import { type ReplayShown, Replays } from './writing/replays.ts'
import { READING, REPLAY } from './writing/requests.ts'
import { writtenEvent } from './writing/written.ts'

/** What can be written. */
export interface WritingForms {
  readonly families: readonly FamilyForm[]
  readonly keyStrategies: readonly string[]
  readonly recordings: readonly RecordingShown[]
}

export interface ReplayList {
  readonly replays: readonly ReplayShown[]
}

const EVERY_MS = 500

export function writingRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const recordings = new Recordings()
  const replays = new Replays(Date.now, work => environment.inBackground(work))
  routes.use(async (_, next) => {
    if (!environment.isLocal)
      throw new ProblemError(
        'forbidden',
        'Readings are written, and recordings played, on the machine of a developer only: this environment is deployed.',
      )
    await next()
  })
  routes.get('/', async context => {
    const [families, shown] = await Promise.all([formsAt(Date.now()), recordings.all()])
    return context.json({ families, keyStrategies: KEY_STRATEGIES, recordings: shown } satisfies WritingForms)
  })
  routes.post('/readings', async context => context.json(await published(context, environment)))
  const list = async (): Promise<ReplayList> => ({ replays: replays.all() })
  watchable(routes, '/replays', { query: object({}), everyMs: EVERY_MS, environment }, list)
  routes.post('/replays', async context =>
    context.json(await started(context, environment, recordings, replays), 202),
  )
  routes.post('/replays/:id/stop', async context => {
    const { name } = requireOperator(context)
    const replay = replays.stop(context.req.param('id'))
    // One that has ended stays as it is.
    if (replay.state === 'running') await audited(environment, stopAudit(name, replay, Date.now()))
    return context.json(replay)
  })
  return routes
}

function formsAt(nowMs: number): Promise<FamilyForm[]> {
  return Promise.all(
    Object.values(FAMILIES).map(async family => {
      const schema = await packagedSchema(family.type, 'json')
      return formOf(family, schema?.text ?? '{}', nowMs)
    }),
  )
}

async function published(context: Context<ConsoleHono>, environment: ConsoleEnvironment): Promise<Delivery> {
  const { name } = requireOperator(context)
  const startedAt = instant(Date.now())
  const { keyBy, ...written } = await bodyOf(READING, context)
  const event = writtenEvent({ ...written, id: written.id ?? randomUUID(), time: written.time ?? startedAt })
  const delivery = await publishReading(event, keyBy, environment)
  try {
    await audited(environment, publishAudit(name, startedAt, delivery, Date.now()))
  } catch (error) {
    const { message } = problemOf(error)
    throw new ProblemError(
      'unavailable',
      `It is published, but its audit event could not be written: ${message}`,
    )
  }
  return delivery
}

async function started(
  context: Context<ConsoleHono>,
  environment: ConsoleEnvironment,
  recordings: Recordings,
  replays: Replays,
): Promise<ReplayShown> {
  const { name: by } = requireOperator(context)
  const { recording, speed, shift } = await bodyOf(REPLAY, context)
  const open = await recordings.named(recording)
  if (!open) throw new ProblemError('not-found', 'There is no such recording.')
  const pace = speed === 'max' ? Number.POSITIVE_INFINITY : speed
  const played = { name: recording, open, speed: pace, shiftToNow: shift }
  const kafka = () => environment.kafka()
  return replays.start(
    { recording, speed: pace, by },
    (counts, stop) => playInto({ config: environment.config, kafka }, played, counts, stop),
    ended => audited(environment, replayAudit(ended, shift)),
    context.get('told'),
  )
}
