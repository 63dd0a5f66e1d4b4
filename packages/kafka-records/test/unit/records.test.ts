import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { UnreadableBytes } from '@sluice/kafka-records'
import { CODEC_NAMES, marker, recordBatch, sealed, type WrittenRecord } from '@sluice/test-kit/record-batches'
import { rejection } from '@sluice/test-kit/rejection'
import { sampled } from '@sluice/test-kit/sampled'
import fc from 'fast-check'
import { decodePartition } from '../../decode-partition.ts'
import type { FetchedRecord } from '../../fetched-record.ts'

const MIB = 1024 * 1024
const [ONE, OTHER] = [7, 8]

type Aborted = { producerId: string; firstOffset: number }[]

function read(bytes: Buffer | Buffer[], { fromOffset = 0, aborted = [] as Aborted } = {}) {
  const whole = Array.isArray(bytes) ? Buffer.concat(bytes) : bytes
  return decodePartition({ topic: 't', partition: 3, fromOffset, bytes: whole, aborted })
}

const handedOver = (records: readonly FetchedRecord[]) => records.filter(record => !record.isControlRecord)
const offsets = (records: readonly FetchedRecord[]) => handedOver(records).map(({ offset }) => Number(offset))
const last = (records: readonly FetchedRecord[]) => Number(records.at(-1)?.offset)

const RECORDS: readonly WrittenRecord[] = [
  {
    key: 'k',
    value: 'v',
    headers: [
      ['a', 'x'],
      ['b', null],
      ['a', ''],
    ],
  },
  { key: null, value: null, timestampDelta: -2, offsetDelta: 3 },
  { key: '', value: Buffer.alloc(70_000, 'z'), headers: [['ü', 'y']], offsetDelta: 4 },
]

describe('the records of a batch', () => {
  for (const codec of CODEC_NAMES)
    it(`given ${codec}, then each record has its offset, time and content`, async () => {
      const records = await read(recordBatch({ records: RECORDS, baseOffset: 40, codec }))
      assert.deepEqual(
        records.map(({ offset, timestamp, key, value, headerList, isControlRecord }) => ({
          offset,
          timestamp,
          key: key && String(key),
          value: value && String(value),
          headers: headerList.map(([name, bytes]) => [name, bytes && String(bytes)]),
          isControlRecord,
        })),
        [
          [
            '40',
            '1000',
            'k',
            'v',
            [
              ['a', 'x'],
              ['b', null],
              ['a', ''],
            ],
          ],
          ['43', '998', null, null, []],
          ['44', '1002', '', 'z'.repeat(70_000), [['ü', 'y']]],
        ].map(([offset, timestamp, key, value, headers]) => ({
          offset,
          timestamp,
          key,
          value,
          headers,
          isControlRecord: false,
        })),
      )
    })

  for (const codec of CODEC_NAMES)
    it(`given ${codec} and a text, then records that hold it are returned, and the batch is passed`, async () => {
      const texts = ['a', 'needle', 'b', 'need', 'le', 'the needle', 'c']
      const records = texts.map((value, at) => ({ key: null, value, offsetDelta: at }))
      const bytes = recordBatch({ records, baseOffset: 40, codec })
      const search = (text: string, fromOffset = 0) =>
        decodePartition(
          { topic: 't', partition: 3, fromOffset, bytes, aborted: [] },
          undefined,
          undefined,
          Buffer.from(text),
        )
      assert.deepEqual(offsets(await search('needle')), [41, 45])
      assert.deepEqual(offsets(await search('needle', 42)), [45])
      assert.deepEqual(offsets(await search('c')), [46])
      for (const text of ['needle', 'nowhere', 'c']) assert.equal(last(await search(text)), 46)
    })

  it('given any record, then it is read as kafkajs reads it', async () => {
    const bytes = () => fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))
    const record = fc.record({
      key: fc.option(bytes()),
      value: fc.option(bytes()),
      headers: fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.option(bytes())), { maxLength: 6 }),
      timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    })
    const require = createRequire(import.meta.url)
    const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder.js')
    const Decoder = require('kafkajs/src/protocol/decoder.js')
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), fc.nat(1e9), async (records, baseOffset) => {
        const batch = recordBatch({ records, baseOffset })
        const { records: theirs } = await decode(new Decoder(batch))
        const ours = await read(batch)
        const view = ({ key, value, offset, timestamp, headers, isControlRecord }: FetchedRecord) => ({
          ...{ key, value, offset, timestamp, isControlRecord },
          headers: Object.entries(headers),
        })
        assert.deepEqual(handedOver(ours).map(view), theirs.map(view))
      }),
    )
  })

  it('given ten times as many headers, then the time is about ten times as long', async () => {
    const batch = (count: number) =>
      recordBatch({
        records: [{ headers: Array.from({ length: count }, (_, n) => [`name ${n}`, ''] as const) }],
      })
    const took = async (bytes: Buffer) => {
      const before = process.cpuUsage()
      const [record] = await read(bytes)
      const names = Object.keys(record?.headers ?? {}).length
      const { user, system } = process.cpuUsage(before)
      return { names, us: user + system }
    }
    await took(batch(1_000))
    const few = await took(batch(5_000))
    const many = await took(batch(50_000))
    assert.deepEqual([few.names, many.names], [5_000, 50_000])
    // If it were quadratic, it would take a hundred times as long.
    assert.ok(many.us < 50 * Math.max(few.us, 20_000), `${few.us} µs, then ${many.us} µs`)
  })
})

describe('the batches of a fetch', () => {
  it('given many, then other work has its turn in between', async () => {
    const value = 'v'.repeat(200_000)
    const batches = Array.from({ length: 8 }, (_, n) => recordBatch({ records: [{ value }], baseOffset: n }))
    let turns = 0
    const count = () => {
      turns += 1
      immediate = setImmediate(count)
    }
    let immediate = setImmediate(count)
    const records = await read(batches)
    clearImmediate(immediate)
    assert.equal(records.length, 8)
    assert.ok(turns >= 3, `${turns} turns`)
  })

  it('given a truncated last batch, then the batches before it are read', async () => {
    const [first, second] = [0, 2].map(baseOffset =>
      recordBatch({ records: [{}, { value: 'x' }], baseOffset }),
    )
    for (let length = 0; length < (second as Buffer).length; length += 1) {
      const records = await read([first as Buffer, (second as Buffer).subarray(0, length)])
      assert.deepEqual(offsets(records), [0, 1])
    }
  })

  it('given offsets that were compacted away, then they are covered up to the end of their batch', async () => {
    const records = await read([
      recordBatch({ records: [{ offsetDelta: 1 }], lastOffsetDelta: 5 }),
      recordBatch({ records: [], baseOffset: 6, lastOffsetDelta: 3 }),
    ])
    assert.deepEqual(offsets(records), [1])
    assert.deepEqual(
      records.map(({ offset }) => offset),
      ['1', '5', '9'],
    )
  })

  it('given transactions, then markers and aborted records are skipped, and all others are read', async () => {
    const transactional = (baseOffset: number, producerId: number, key = '') =>
      recordBatch({ records: [{ key }, {}], baseOffset, producerId, isTransactional: true, codec: 'lz4' })
    const log = [
      transactional(0, ONE),
      transactional(2, OTHER),
      // A record whose key looks like a marker.
      recordBatch({ records: [{ key: Buffer.alloc(4) }], baseOffset: 4, producerId: ONE }),
      transactional(5, ONE),
      marker('abort', 7, ONE),
      marker('commit', 8, OTHER),
      transactional(9, ONE),
      marker('commit', 11, ONE),
    ]
    const aborted = [{ producerId: String(ONE), firstOffset: 0 }]
    const seen = await read(log, { aborted })
    assert.deepEqual(offsets(seen), [2, 3, 4, 9, 10])
    assert.equal(last(seen), 11)
    assert.deepEqual(offsets(await read(log)), [0, 1, 2, 3, 4, 5, 6, 9, 10])
  })

  const broken: [what: string, batch: (baseOffset: number) => Buffer, reason: string][] = [
    ['an unknown codec', at => recordBatch({ records: [{}], codec: 6, baseOffset: at }), 'unknown-codec'],
    [
      'corrupt bytes',
      at => recordBatch({ records: [{}], codec: 1, baseOffset: at, broken: () => Buffer.from('x') }),
      'corrupt',
    ],
    ['too few records', at => recordBatch({ records: [{}], baseOffset: at, recordCount: 2 }), 'corrupt'],
    ['a negative count', at => recordBatch({ records: [{}], baseOffset: at, recordCount: -1 }), 'corrupt'],
    [
      'a record beyond its end',
      at => recordBatch({ records: [{}], baseOffset: at, broken: () => Buffer.from([60]) }),
      'corrupt',
    ],
    [
      'an endless number',
      at => recordBatch({ records: [{}], baseOffset: at, broken: () => Buffer.alloc(30, 0xff) }),
      'corrupt',
    ],
  ]
  for (const [what, batch, reason] of broken)
    it(`given a batch with ${what}, then earlier ones are read, and the error says where`, async () => {
      const log = [
        recordBatch({ records: [{}, {}] }),
        batch(2),
        recordBatch({ records: [{}], baseOffset: 3 }),
      ]
      assert.deepEqual(offsets(await read(log)), [0, 1])
      const error = await rejection(read(log, { fromOffset: 2 }))
      assert.ok(error instanceof UnreadableBytes, String(error))
      assert.equal(error.reason, reason)
      assert.match(error.message, /^t\/3 at offset 2: a record batch /)
    })

  it('given one bit changed behind the checksum, then no record is read, and the error says so', async () => {
    const batch = recordBatch({ records: RECORDS })
    for (const at of [21, 30, 57, 61, batch.length - 1]) {
      const changed = Buffer.from(batch)
      changed[at] = (changed[at] as number) ^ 0x10
      const error = await rejection(read(changed))
      assert.ok(error instanceof UnreadableBytes, String(error))
      assert.equal(error.reason, 'corrupt')
      assert.match(error.message, /^t\/3 at offset 0: a record batch has a wrong checksum: /)
    }
  })

  it('given a batch with any bytes changed, then it is either read or rejected', async () => {
    const bytes = recordBatch({ records: RECORDS.slice(0, 2), codec: 'none' })
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
        const changed = Buffer.from(bytes)
        for (const [at, byte] of changes) changed[at] = byte
        // The checksum is corrected, so that all of the decoder is tried.
        sealed(changed)
        await read(changed).catch(error => assert.ok(error instanceof UnreadableBytes, error))
      }),
      { numRuns: sampled(500) },
    )
  })
})

describe('a record that is too large for any function', () => {
  const LARGE = 20 * MIB
  for (const codec of CODEC_NAMES)
    it(`given ${codec}, then it is returned without its value, and the others are complete`, async () => {
      const trace = [['traceparent', '00-1']] as const
      const batch = recordBatch({
        codec,
        records: [
          { key: 'before', value: 'b' },
          { key: 'large', value: Buffer.alloc(LARGE), headers: trace },
          { key: 'after', value: 'a' },
        ],
      })
      const log = [batch, recordBatch({ records: [{ value: 'next' }], baseOffset: 3 })]
      const records = await read(log)
      assert.deepEqual(
        records.map(({ offset, key, value }) => [offset, key && String(key), value && String(value)]),
        [
          ['0', 'before', 'b'],
          ['1', 'large', null],
          ['2', 'after', 'a'],
        ],
      )
      // Decoding it takes long: records after its batch are left for the next fetch.
      assert.deepEqual(offsets(await read(log, { fromOffset: 3 })), [3])
      const large = records[1] as FetchedRecord
      assert.ok((large.oversizeBytes ?? 0) > LARGE)
      assert.deepEqual(large.headerList, [['traceparent', Buffer.from('00-1')]])
      assert.deepEqual(
        records.filter(({ oversizeBytes }) => oversizeBytes !== undefined),
        [large],
      )
    })

  const sizes: [what: string, record: WrittenRecord, isOversize: boolean][] = [
    ['a value that just fits in base64', { value: Buffer.alloc(4.5 * MIB) }, false],
    ['a value that is a little larger', { value: Buffer.alloc(4.5 * MIB + 3) }, true],
    [
      'key and value that do not fit together',
      { key: Buffer.alloc(MIB), value: Buffer.alloc(4 * MIB) },
      true,
    ],
    ['a header that is larger as numbers', { headers: [['name', Buffer.alloc(2 * MIB, 200)]] }, true],
    ['a header of small numbers', { headers: [['name', Buffer.alloc(2 * MIB, 2)]] }, false],
    ['a long name', { headers: [['n'.repeat(5 * MIB), 'x']] }, false],
  ]
  for (const [what, record, isOversize] of sizes)
    it(`given ${what}, then it is ${isOversize ? 'omitted' : 'read'}, in parts or at once`, async () => {
      const filler = { value: Buffer.alloc(20 * MIB) }
      for (const records of [[record], [record, filler]]) {
        const [first] = await read(recordBatch({ records, codec: 'gzip' }))
        assert.equal(first?.oversizeBytes !== undefined, isOversize)
        if (isOversize) assert.equal(first?.value, null)
        else assert.deepEqual(first?.value ?? null, record.value ?? null)
      }
    })

  it('given many records that fit but inflate beyond memory, then each fetch brings some of them', async () => {
    const value = Buffer.alloc(4 * MIB)
    const batch = recordBatch({ records: Array.from({ length: 24 }, () => ({ value })), codec: 'zstd' })
    const seen: number[] = []
    for (let next = 0; next < 24; next = (seen.at(-1) as number) + 1) {
      const some = offsets(await read(batch, { fromOffset: next }))
      assert.ok(some.length > 0 && some.length < 12, `${some.length} at once`)
      seen.push(...some)
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 24 }, (_, n) => n),
    )
  })
})
