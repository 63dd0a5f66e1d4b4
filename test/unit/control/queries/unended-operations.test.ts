import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogReader } from '#runtime/pipeline'
import {
  describeUnended,
  findUnended,
  readAudits,
} from '../../../../control/queries/records/unended-operations.ts'
import type { Audit } from '../../../../lib/schemas/types.ts'

/** Returns an audit event of an operation that began at a second. */
const audit = (operation: string, outcome: Audit['outcome'], second: number, more: Partial<Audit> = {}) => {
  const at = `2026-03-02T10:00:0${second}Z`
  const filter = { consumer: 'processor', until: at }
  const common = {
    action: 'dlq redrive',
    by: 'ada',
    startedAt: at,
    endedAt: at,
    operation,
    filter,
    counts: {},
  }
  return { ...common, ...(outcome && { outcome }), ...more }
}

describe('operations that have begun', () => {
  const [A, B] = [audit('a', 'begun', 1), audit('b', 'begun', 2)]
  const faster = { filter: { consumer: 'processor', rate: '9/s' } }
  for (const [what, audits, wanted] of [
    ['ones without an end', [B, A], ['a', 'b']],
    ['ends of any kind', [A, audit('a', 'failed', 1), B, audit('b', 'done', 2)], []],
    ['events of earlier versions', [audit('a', undefined, 1)], []],
    ['one that was carried out again, to its end', [A, B, audit('b', 'done', 2, faster)], []],
    ['one that failed again', [A, audit('b', 'failed', 2)], ['a']],
    ['one whose earlier part has ended', [audit('a', 'failed', 1), audit('a', 'begun', 2)], ['a']],
    ['another command that is done', [A, audit('b', 'done', 2, { action: 'dlq drop' })], ['a']],
    ['other conditions that are done', [A, audit('b', 'done', 2, { filter: {} })], ['a']],
    ['the same command, done before', [audit('b', 'done', 1), audit('a', 'begun', 2)], ['a']],
  ] as const)
    it(`given ${what}, then ${wanted.length} have not ended`, () => {
      assert.deepEqual(
        findUnended(audits).map(({ operation }) => operation),
        wanted,
      )
    })

  it('then who began what is said, and how to finish it', () => {
    const [says, todo] = describeUnended(A)
    assert.match(
      says,
      /^`dlq redrive` of ada \(operation a, consumer processor, until .*\) has begun at 2026-03-02T10:00:01Z and not ended$/,
    )
    assert.match(todo, /Run the command again/)
  })

  it('when they are looked for again, then only new records are read, and old ones are left out', async () => {
    const reads: number[] = []
    let end = 40
    const read: LogReader['read'] = async (_, __, { fromOffset, toOffset }) => {
      reads.push(fromOffset)
      return { records: [], nextOffset: toOffset + 1, logStart: 0 }
    }
    const connections = {
      log: async () => ({ read }) as LogReader,
      bounds: async () => ({ bounds: async () => [{ start: 0, end, from: 7 }] }),
    }
    const nowMs = Date.parse(A.endedAt) + 7 * 24 * 3_600_000
    const first = await readAudits(connections, 'events', nowMs)
    end = 50
    const last = { ...first, audits: [A, B] }
    assert.deepEqual(await readAudits(connections, 'events', nowMs, last), { audits: [B], ends: [50] })
    assert.deepEqual(reads, [7, 40])
  })
})
