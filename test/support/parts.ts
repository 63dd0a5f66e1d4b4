/** Pages with all kinds of content of a partition state, and many ids. */

import { formatState, withHold } from '#runtime/pipeline/model/stored-state.ts'
import type { StateMeta, StatePart } from '#runtime/pipeline/replacing/state-parts.ts'

const CLOCK_MS = 4_000

export function metaAt(appliedOffset: number, epoch = 0): StateMeta {
  return {
    version: { epoch, appliedOffset, fired: 1 },
    clock: { nowMs: CLOCK_MS, lastAppendMs: 1_772_366_400_000, highestAppendMs: 1_772_366_400_500 },
    appliedDigest: 'digest',
    emitted: 2,
    failuresFromMs: 1_772_366_400_100,
    tally: { 'applied/counted': 600, 'duplicate/id-known': 2 },
  }
}

export function partsAt(appliedOffset: number, epoch = 0): StatePart[] {
  return [
    { kind: 'meta', meta: metaAt(appliedOffset, epoch) },
    { kind: 'state', entity: '/a grün 🌡', state: '{"count":12345678901234567890,"text":"\\u2028"}' },
    { kind: 'state', entity: '/a 2', state: 'null' },
    { kind: 'state', entity: '/a 3', state: formatState('{"count":1}', 2) },
    // One held entity has no state, the other one has a state.
    { kind: 'state', entity: '/a 4', state: withHold(null, '{"untilMs":1,"parked":[]}') ?? '' },
    {
      kind: 'state',
      entity: '/a 5',
      state: withHold(formatState('{"count":1.0}', 2), '{"untilMs":1,"parked":[]}') ?? '',
    },
    { kind: 'context', context: { hash: 'h', json: '{"rules":[1.0]}' } },
    {
      kind: 'timers',
      entity: '/a 2',
      timers: [{ name: 'silence', dueMs: 1, thresholdMs: 9_000, id: 'i', trace: {} }],
    },
    {
      kind: 'outbox',
      outbox: { position: '0.1', to: 'events', key: 'k', event: { id: '1', source: '/s', type: 't' } },
    },
    ...Array.from({ length: 600 }, (_, number) => ({
      kind: 'id' as const,
      id: {
        // Two ids of each pair begin with the same bytes.
        id: `${String(number >> 1).padStart(3, '\u00ff')}\u0000${number}`.padEnd(12, '.'),
        digest: '\u0080\n\r45678',
        appliedAtMs: CLOCK_MS - number,
      },
    })),
    // More ids than fit into a bucket, so that the last ones overflow.
    ...Array.from({ length: 300 }, (_, number) => ({
      kind: 'id' as const,
      id: { id: `ab${number}`.padEnd(12, '.'), digest: '12345678', appliedAtMs: number },
    })),
    {
      kind: 'failure',
      failure: {
        id: 'AAECAwQFBgcICQoLDA0ODw',
        partition: 3,
        offset: 7,
        attempt: 1,
        digest: 'AAECAwQFBgcICQoL',
        producerGroup: 5,
        isOpen: true,
        firstFailedAt: '2026-03-01T11:00:00.000Z',
        failedAtMs: 3_000,
      },
    },
  ]
}

/** Splits the parts into pages. */
export async function* inPages(parts: readonly StatePart[]): AsyncGenerator<StatePart[]> {
  for (let at = 0; at < parts.length; at += 50) yield parts.slice(at, at + 50)
}
