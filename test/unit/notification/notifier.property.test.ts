import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sampled } from '@sluice/test-kit/sampled'
import fc from 'fast-check'
import type { Event } from '#runtime/consumer'
import { PIPELINE_DOWN } from '../../../lib/alerting/pipeline-down.ts'
import { type LogEvent, type Quiet, reference } from './reference.ts'
import {
  fired,
  notifications,
  pipeline,
  played,
  resolved,
  routed,
  silence,
  silences,
  TARGET,
} from './support.ts'

const END = 3 * 3600
/** The last part, in which no alert begins or ends, so that all are sent by the end. */
const LAST = END - 2400
const WAITS = { wait: 30, interval: 300, repeat: 1800 }
const POLICY = { ...TARGET, repeatIntervalMs: WAITS.repeat * 1000 }
const IDS = ['a', 'b', 'c', 'd', 's1', 's2', 'p1']

const second = fc.integer({ min: 1, max: LAST })
const id = fc.constantFrom(...IDS)
const quiet: fc.Arbitrary<Quiet> = fc
  .record({ id, from: second, length: fc.integer({ min: 1, max: 2400 }) })
  .map(({ id, from, length }) => ({ id, from, until: Math.min(from + length, LAST) }))
const happening: fc.Arbitrary<LogEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ second, kind: fc.constant('fired' as const), id }).map(withKind) },
  { weight: 5, arbitrary: fc.record({ second, kind: fc.constant('resolved' as const), id }).map(withKind) },
  {
    weight: 2,
    arbitrary: fc.record({
      second,
      kind: fc.constant('silences' as const),
      all: fc.array(quiet, { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ second, kind: fc.constant('pipeline' as const), isDown: fc.boolean() }),
  },
)

/** A log: of one instant, alerts may come in any order. An alert that has ended does not come back: the next has another id. */
const log = fc
  .array(happening, { minLength: 1, maxLength: 40 })
  .map(all => instances(all.toSorted((x, y) => x.second - y.second)))

function withKind<T extends { readonly id: string }>(one: T) {
  return { ...one, isSilent: one.id.startsWith('s'), isUrgent: one.id.startsWith('p') }
}

/** How long a group surely remembers that an alert has ended. */
const REMEMBERED = 3000

interface Instance {
  readonly number: number
  readonly state: 'new' | 'firing' | 'ended' | 'ended-first'
  readonly endedAt: number
}

/** Numbers the alerts of an id: after its end, the next fire is another alert. An end can come shortly before its fire. */
function instances(all: readonly LogEvent[]): readonly LogEvent[] {
  const last = new Map<string, Instance>()
  return all.map(happening => {
    if (happening.kind !== 'fired' && happening.kind !== 'resolved') return happening
    const before = last.get(happening.id) ?? { number: 0, state: 'new', endedAt: 0 }
    const after =
      happening.kind === 'fired' ? withFire(before, happening.second) : withEnd(before, happening.second)
    last.set(happening.id, after)
    return { ...happening, id: `${happening.id}${after.number}` }
  })
}

function withFire({ number, state, endedAt }: Instance, second: number): Instance {
  if (state === 'ended-first' && second - endedAt <= REMEMBERED) return { number, state: 'ended', endedAt }
  const isOver = state === 'ended' || state === 'ended-first'
  return { number: isOver ? number + 1 : number, state: 'firing', endedAt }
}

function withEnd({ number, state }: Instance, second: number): Instance {
  return { number, state: state === 'new' ? 'ended-first' : 'ended', endedAt: second }
}

/** A silence of `a` mutes each alert of that id. */
const repeatQuiet = (all: readonly Quiet[]) =>
  all.flatMap(quietTime =>
    Array.from({ length: 41 }, (_, number) => ({ ...quietTime, id: `${quietTime.id}${number}` })),
  )

function listEvents(happenings: readonly LogEvent[]): Event[] {
  return happenings.map((happening, index) => {
    if (happening.kind === 'silences') {
      const all = happening.all.map(({ id, from, until }, n) =>
        silence(`${n}`, from, until, { entity: [`${id}*`] }),
      )
      return silences(happening.second, index + 2, ...all)
    }
    if (happening.kind === 'pipeline') {
      return pipeline(happening.second, happening.isDown ? 'firing' : 'resolved', 'p')
    }
    const more = {
      ...(happening.isSilent ? { reason: 'silent' as const } : {}),
      ...(happening.isUrgent ? { rule: PIPELINE_DOWN } : {}),
    }
    const alert = happening.kind === 'fired' ? fired(happening.id, more) : resolved(happening.id, more)
    return routed(happening.second, alert, POLICY)
  })
}

const sorted = (lines: readonly string[]) =>
  lines.map(line => {
    const [head = '', names = ''] = line.split(': ')
    const all = names.split(' ').filter(name => name !== '')
    const firing = all.filter(name => !name.startsWith('-')).sort()
    return `${head}: ${[...firing, ...all.filter(name => name.startsWith('-')).sort()].join(' ')}`
  })

/** The pipeline alert of one id stands once: each time it goes down it is another. */
const onceDown = (all: readonly LogEvent[]) => {
  let isOver = false
  let wasDown = false
  return all.filter(happening => {
    if (happening.kind !== 'pipeline') return true
    const keep = !isOver && (happening.isDown || wasDown)
    if (happening.isDown) wasDown = true
    else if (wasDown) isOver = true
    return keep
  })
}

describe('given any log of alerts, silences and pipeline alerts', () => {
  // Promise docs/notifications.md#when-a-notification-is-sent | Groups wait, are told again and end as in Alertmanager.
  it('then the notifications equal those of a slow reference, with each fire and each end once', async () => {
    await fc.assert(
      fc.asyncProperty(log, async happenings => {
        const all = onceDown(happenings)
        const kit = await played([silences(0, 1), ...listEvents(all)], END)
        const lines = sorted(notifications(kit))
        const slow = all.map(happening =>
          happening.kind === 'silences' ? { ...happening, all: repeatQuiet(happening.all) } : happening,
        )
        assert.deepEqual(lines, sorted(reference(slow, END - 1, WAITS)))
        onceEach(lines, all)
      }),
      { numRuns: sampled(60) },
    )
  })
})

/** Checks that ends are sent once, after their fire; and for every fire that was sent and is over. */
function onceEach(lines: readonly string[], all: readonly LogEvent[]): void {
  const names = lines.map(line => line.split(': ')[1]?.split(' ') ?? [])
  const ids = new Set(all.flatMap(happening => (happening.kind === 'fired' ? [happening.id] : [])))
  for (const id of ids) {
    const firstFire = names.findIndex(told => told.includes(id))
    const ends = names.flatMap((told, index) => (told.includes(`-${id}`) ? [index] : []))
    const isOver = all.some(
      (happening, index) =>
        happening.kind === 'resolved' && happening.id === id && hasFiredBefore(all, index),
    )
    assert.equal(ends.length, firstFire >= 0 && isOver ? 1 : 0, `${id} in ${lines.join('\n')}`)
    if (ends[0] !== undefined)
      assert.ok(ends[0] > firstFire && !names.slice(ends[0]).some(told => told.includes(id)))
  }
}

function hasFiredBefore(all: readonly LogEvent[], index: number): boolean {
  const end = all[index]
  return all
    .slice(0, index)
    .some(happening => happening.kind === 'fired' && end?.kind === 'resolved' && happening.id === end.id)
}
