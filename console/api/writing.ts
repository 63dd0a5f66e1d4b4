/** Publishes readings that a user enters, and replays recordings. Available only on a local stack. */
import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import {
  boolean,
  check,
  type InferOutput,
  literal,
  maxLength,
  minLength,
  minValue,
  number,
  type ObjectSchema,
  optional,
  picklist,
  pipe,
  record,
  string,
  union,
  unknown,
} from 'valibot'
import { dataWriterOf } from '../../lib/app/data-writer.ts'
import { packagedSchema } from '../../lib/app/packaged-schemas.ts'
import type { Audit } from '../../lib/audit.ts'
import { leaveAudit } from '../../lib/operations/audit.ts'
import { type PlayCounts, play } from '../../lib/operations/replay/play.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError, problemOf } from './problem.ts'
import { asked, changed, watched } from './route.ts'
import { FAMILY_NAMES, type FamilyForm, formOf, KEY_STRATEGIES } from './writing/forms.ts'
import { type Delivery, publishReading, writtenEvent } from './writing/publish.ts'
import { type OpenRecording, Recordings } from './writing/recordings.ts'
import { Replays } from './writing/replays.ts'

const SHORT = pipe(
  string('must be a text'),
  minLength(1, 'must not be empty'),
  maxLength(200, 'must have at most 200 characters'),
)
const TIME = pipe(
  SHORT,
  check(text => !Number.isNaN(Date.parse(text)), 'must be an RFC 3339 time'),
)
const READING = {
  family: picklist(FAMILY_NAMES, `must be one of ${FAMILY_NAMES.join(', ')}`),
  data: record(string(), unknown(), 'must be the data of the reading'),
  /** Event id; generated if omitted. */
  id: optional(SHORT),
  /** Event time; the current time if omitted. */
  time: optional(TIME),
  traceparent: optional(SHORT),
  keyBy: optional(picklist(KEY_STRATEGIES, `must be one of ${KEY_STRATEGIES.join(', ')}`)),
}
const REPLAY = {
  recording: SHORT,
  /** Speed relative to the recording, or `max` for no delay. */
  speed: union([literal('max'), pipe(number(), minValue(0.001))], 'must be a number above 0, or "max"'),
  /** True to create new events from the recording, with times as close to the current time as consumers accept. */
  shift: boolean('must be true or false'),
}

export function writingRoutes(environment: ConsoleEnvironment) {
  const recordings = new Recordings()
  const replays = new Replays(Date.now, work => environment.inBackground(work))
  return {
    '/writing': asked({}, async () => {
      const [families, shown] = await Promise.all([formsAt(Date.now()), recordings.all()])
      return { families, keyStrategies: KEY_STRATEGIES as readonly string[], recordings: shown }
    }),
    'POST /writing/readings': changed(READING, (written, { name }) => published(environment, written, name)),
    '/writing/replays': watched({}, 500, async () => ({ replays: replays.all() })),
    'POST /writing/replays': changed(
      REPLAY,
      async ({ recording, speed, shift }, { name: by }, request) => {
        const open = await recordings.named(recording)
        if (!open) throw new ProblemError('not-found', 'The recording does not exist.')
        const pace = speed === 'max' ? Number.POSITIVE_INFINITY : speed
        const played = { name: recording, open, speed: pace, shiftToNow: shift }
        return replays.start(
          { recording, speed: pace, by },
          (counts, stop) => playInto(environment, played, counts, stop),
          ({ id, startedAt, endedAt, acknowledged, state }) =>
            audited(environment, {
              ...{ action: 'replay', by, startedAt, endedAt: endedAt ?? startedAt, operation: id },
              filter: {
                recording,
                speed: speed === 'max' ? 'max' : String(pace),
                ...(shift ? { shift: 'now' } : {}),
                ended: state,
              },
              counts: { published: acknowledged },
            }),
          request.get('told'),
        )
      },
      202,
    ),
    'POST /writing/replays/:id/stop': changed({}, async (_, { name: by }, { req }) => {
      const replay = replays.stop(req.param('id') ?? '')
      const at = instant(Date.now())
      // Write an audit event only for a running replay, because stopping an ended replay has no effect.
      if (replay.state === 'running')
        await audited(environment, {
          ...{ action: 'replay stop', by, startedAt: at, endedAt: at, operation: randomUUID() },
          filter: { operation: replay.id, recording: replay.recording },
          counts: { stopped: 1 },
        })
      return replay
    }),
  }
}

export function localOnly({ isLocal }: Pick<ConsoleEnvironment, 'isLocal'>): MiddlewareHandler {
  return async (_, next) => {
    if (!isLocal)
      throw new ProblemError(
        'forbidden',
        'This environment is deployed. Readings can be published and recordings replayed on a local stack only.',
      )
    await next()
  }
}

function formsAt(nowMs: number): Promise<FamilyForm[]> {
  return Promise.all(
    Object.values(FAMILIES).map(async family => {
      const schema = await packagedSchema(family.type, 'json')
      return formOf(family, schema?.text ?? '{}', nowMs)
    }),
  )
}

async function published(
  environment: ConsoleEnvironment,
  { keyBy, ...written }: InferOutput<ObjectSchema<typeof READING, undefined>>,
  by: string,
): Promise<Delivery> {
  const startedAt = instant(Date.now())
  const event = writtenEvent({ ...written, id: written.id ?? randomUUID(), time: written.time ?? startedAt })
  const delivery = await publishReading(event, keyBy, environment)
  const { id, topic, partition, offset } = delivery
  try {
    await audited(environment, {
      ...{ action: 'publish', by, startedAt, endedAt: instant(Date.now()), operation: randomUUID() },
      filter: { topic, partition: String(partition), offset: String(offset), id },
      counts: { published: 1 },
    })
  } catch (error) {
    const { message } = problemOf(error)
    throw new ProblemError(
      'unavailable',
      `The reading was published, but its audit event could not be written: ${message}`,
    )
  }
  return delivery
}

/** Writes an audit event. Throws the errors of `Publisher.publish`. */
async function audited(environment: ConsoleEnvironment, audit: Audit): Promise<void> {
  await leaveAudit(await environment.publisher(), environment.config, audit)
}

interface Played {
  readonly name: string
  readonly open: OpenRecording
  /** Speed relative to the recording; `Infinity` for no delay. */
  readonly speed: number
  /** True to create new events from the recording, with times as close to the current time as consumers accept. */
  readonly shiftToNow: boolean
}

/** Replays a recording. Throws the errors of `play`. */
async function playInto(
  environment: ConsoleEnvironment,
  played: Played,
  counts: PlayCounts,
  stop: AbortSignal,
): Promise<void> {
  const { config } = environment
  const { env, contentMode, futureToleranceMs, keyBy } = config
  const { bulkPublisher } = await import('../../packages/runtime/producer/publisher.ts')
  const dataWriter = await dataWriterOf(config)
  const addressing = { env, contentMode, dataWriter, keepPartitions: false, ...(keyBy ? { keyBy } : {}) }
  // Use a separate publisher, because a publisher keeps its undelivered events.
  const publisher = bulkPublisher(() => environment.kafka(), config.compression)
  try {
    await play({ ...played, addressing, publisher, futureToleranceMs, nowMs: Date.now, stop }, counts)
  } finally {
    await publisher.close()
  }
}
