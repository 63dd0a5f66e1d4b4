import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CheckpointFile, linesOf, readCheckpoint } from '../../../cli/state/checkpoint-file.ts'
import { CheckpointWriter } from '../../../packages/runtime/adapters/checkpoints/format.ts'
import { NOTHING } from '../../../packages/runtime/adapters/redis/checkpoint.ts'
import type { CheckpointPart } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { bytesOfIds } from '../../../packages/runtime/pipeline/recovery/id-bytes.ts'

const FILE: CheckpointFile = {
  stateKey: { consumer: 'processor', topic: 'sluice.telemetry.readings.test', partition: 3 },
  takenAt: '2026-03-01T12:00:00.000Z',
  checkpoint: {
    version: { epoch: 2, appliedOffset: 41, fired: 1 },
    clock: { nowMs: 5000, lastAppendMs: 1_772_366_400_000, highestAppendMs: 1_772_366_400_500 },
    appliedDigest: 'qL5dQX_M-2oBcA9k',
    emitted: 1,
    failuresFromMs: 1_772_366_400_100,
    tally: { 'applied/counted': 40, 'duplicate/id-known': 2 },
    states: new Map([
      ['/a 1', JSON.stringify({ text: 'grün 🌡\u2028\r\n' })],
      ['/a 2', 'null'],
      ['/a 3', 'v2 {"count":1}'],
    ]),
    timers: new Map([['/a 1', [{ name: 'silence', dueMs: 1, thresholdMs: 2, id: 'i', trace: {} }]]]),
    outbox: [{ position: '0.1', to: 'events', key: 'k', event: { id: '1', source: '/s', type: 't' } }],
    ids: [{ id: '\u0000\u00ff234567890ab', digest: '\u0080\n\r45678', appliedAtMs: 4000 }],
    failures: [
      {
        id: 'f',
        partition: 3,
        offset: 7,
        attempt: 1,
        digest: 'd',
        producerGroup: 0,
        isOpen: true,
        firstFailedAt: '2026-03-01T11:00:00Z',
        failedAtMs: 3000,
      },
    ],
    context: { hash: 'h', json: JSON.stringify({ rules: [{ name: 'grün', limit: 1.5 }] }) },
  },
}

const lines = (file = FILE) => [...linesOf(file)].map(line => line.slice(0, -1))
const read = (from: readonly string[]) => readBytes(Buffer.from(from.join('\n')))
const readBytes = (bytes: Buffer) => readCheckpoint([{ name: 'c.jsonl', pieces: inPieces(bytes) }])

async function* inPieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

describe('a checkpoint as a file', () => {
  test('is read as what was written', async () => {
    assert.deepEqual(await read(lines()), FILE)
    const nothing = { ...FILE, checkpoint: NOTHING }
    assert.deepEqual(await read(lines(nothing)), nothing)
    const at = '2026-02-01T12:00:00Z'
    const growths = [{ operation: 'o', at, from: 12, to: 24, ends: Array(12).fill(7), except: [] }]
    const partitioning = { generation: 1, partitions: 24 }
    const grown = { ...FILE, checkpoint: { ...FILE.checkpoint, partitioning, growths } }
    assert.deepEqual(await read(lines(grown)), grown)
  })

  test('begins with what it is of, and ends with how much it holds', () => {
    const all = lines()
    assert.deepEqual(JSON.parse(all[0] as string), {
      checkpoint: 2,
      consumer: 'processor',
      topic: 'sluice.telemetry.readings.test',
      partition: 3,
      appliedOffset: 41,
      epoch: 2,
      takenAt: '2026-03-01T12:00:00.000Z',
    })
    const { end, sha256 } = JSON.parse(all.at(-1) as string)
    assert.deepEqual(end, { states: 3, timers: 1, outbox: 1, ids: 1, failures: 1 })
    assert.match(sha256, /^[0-9a-f]{64}$/)
  })

  test('has each thing on one line, readable by others', () => {
    const id = lines().find(line => line.includes('"digest"') && !line.includes('failure'))
    assert.deepEqual(JSON.parse(id ?? ''), {
      id: Buffer.from('\u0000\u00ff234567890ab', 'latin1').toString('hex'),
      digest: Buffer.from('\u0080\n\r45678', 'latin1').toString('hex'),
      appliedAtMs: 4000,
    })
  })

  test('does not depend on the order in which a server gives things', () => {
    const states = new Map([...FILE.checkpoint.states].reverse())
    assert.deepEqual(lines({ ...FILE, checkpoint: { ...FILE.checkpoint, states } }), lines())
  })

  const changes = (after: string, takenAt: string, partition = 3): string => {
    const { states, timers, outbox, ids, failures, context, ...meta } = FILE.checkpoint
    const writer = new CheckpointWriter()
    const parts: CheckpointPart[] = [
      { kind: 'gone', gone: { states: ['/a 2'], timers: ['/a 1'], idsBeforeMs: 4500, whole: ['outbox'] } },
      { kind: 'state', entity: '/a 3', state: '{"count":2}' },
      { kind: 'ids', bytes: bytesOfIds([{ id: 'id0123456789', digest: '12345678', appliedAtMs: 4600 }]) },
      { kind: 'meta', meta: { ...meta, version: { epoch: 2, appliedOffset: 50, fired: 0 } } },
    ]
    const header = writer.header({ ...FILE.stateKey, partition, takenAt, after })
    return header + writer.lines(parts) + writer.trailer()
  }
  const [NOON, LATER, LATEST] = ['12:00', '12:15', '12:30'].map(at => `2026-03-01T${at}:00.000Z`) as [
    string,
    string,
    string,
  ]
  const readAll = (...files: readonly string[]) =>
    readCheckpoint(
      files.map((text, index) => ({ name: `${index}.jsonl`, pieces: inPieces(Buffer.from(text)) })),
    )

  test('is read with the changes that follow it', async () => {
    const whole = lines().join('\n')
    const file = await readAll(whole, changes(NOON, LATER), changes(LATER, LATEST))
    const { states, timers, outbox, ids, failures, version } = file.checkpoint
    assert.deepEqual([file.takenAt, version.appliedOffset, timers.size, outbox], [LATEST, 50, 0, []])
    assert.deepEqual([...states.keys()], ['/a 1', '/a 3'])
    assert.equal(states.get('/a 3'), '{"count":2}')
    assert.deepEqual([...new Set(ids.map(({ id }) => id))], ['id0123456789'])
    assert.deepEqual(failures, FILE.checkpoint.failures)
  })

  test('is refused with changes that do not follow it', async () => {
    const whole = lines().join('\n')
    const wrong = [
      [[changes(NOON, LATER)], /^0\.jsonl contains the changes since the checkpoint of 2026-03-01T12:00:00/],
      [
        [whole, changes(LATER, LATEST)],
        /^1\.jsonl contains the changes since the checkpoint of 2026-03-01T12:15/,
      ],
      [[whole, changes(NOON, LATER, 4)], /^1\.jsonl contains the changes/],
      [[whole, whole], /^1\.jsonl contains a complete state: specify it first, or alone/],
    ] as const
    for (const [files, message] of wrong)
      await assert.rejects(readAll(...files), { name: 'CliFailure', message })
  })

  test('is refused wherever it is cut off', async () => {
    const bytes = Buffer.from(lines().join('\n'))
    for (let length = 0; length < bytes.length; length += 1)
      await assert.rejects(readBytes(bytes.subarray(0, length)), {
        name: 'CliFailure',
        message:
          /^c\.jsonl: (it is (empty|not a checkpoint|truncated)|line \d+ is not a JSON document|the text is not UTF-8: .* truncated)/,
      })
  })

  const wrong: [what: string, changed: readonly string[], said: RegExp][] = [
    [
      'changed',
      lines().map(line => line.replace('grün', 'blau')),
      /its checksum does not match: it was changed/,
    ],
    ['with a line too few', lines().toSpliced(2, 1), /checksum/],
    ['with something after its end', [...lines(), '{}'], /content after its last line/],
    [
      'of a later version',
      lines().map(line => line.replace('{"checkpoint":2,', '{"checkpoint":3,')),
      /format is 3, .* supports only 2/,
    ],
    ['of something else', ['{"specversion":"1.0","id":"1"}'], /not a checkpoint of a partition state/],
    ['of no JSON', ['hello'], /not a checkpoint/],
    ['with a line of another kind', lines().toSpliced(2, 0, '{"secret":1}'), /line 3 is not a valid part/],
  ]
  for (const [what, changed, said] of wrong)
    test(`${what} is refused, without its content`, async () => {
      await assert.rejects(read(changed), (error: Error) => {
        assert.match(error.message, /^c\.jsonl: /)
        assert.match(error.message, said)
        assert.doesNotMatch(error.message, /secret|blau|hello/)
        return true
      })
    })
})
